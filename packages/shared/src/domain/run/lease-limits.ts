/**
 * How long the right to run an attempt lasts, and how it is kept. Each is a setting, and `runtime/config/common-settings.ts` says what it means.
 * MongoDB's documentation: "The median time before a cluster elects a new primary should not typically exceed 12 seconds, assuming default
 * replica configuration settings" (https://www.mongodb.com/docs/manual/core/replica-set-elections/#factors-and-conditions-that-affect-elections).
 */
export const LEASE_DEFAULTS = { leaseMs: 30_000, heartbeatMs: 5_000, leaseMarginMs: 5_000, storeFailoverMs: 12_000 };
export type LeaseLimits = Readonly<typeof LEASE_DEFAULTS>;

/** Wait before a renewal that failed is sent again: it doubles up to this. */
export const HEARTBEAT_RETRY_MS_MAX = 1_000;

/** From when a renewal is due until its row says so, at most: beyond it an executor counts as late. */
const RENEWAL_MS_MAX = 3_000;

/**
 * What of these contradicts each other, in sentences; none: a handler outlasts one failover of the store that begins in the worst moment.
 * That is just before a renewal is due; in its last moment another renewal is sent, which is given up after a whole heartbeat, and the next
 * one follows after the longest wait.
 */
export function leaseFaults({ leaseMs, heartbeatMs, leaseMarginMs, storeFailoverMs }: LeaseLimits): string[] {
  const silenceMs = 2 * heartbeatMs + storeFailoverMs + HEARTBEAT_RETRY_MS_MAX;
  const faults = [
    heartbeatMs < 1 && "heartbeatMs must be at least 1",
    leaseMarginMs < 1 && "leaseMarginMs must be at least 1",
    storeFailoverMs < 0 && "storeFailoverMs must be at least 0",
    leaseMs - leaseMarginMs < silenceMs &&
      `leaseMs - leaseMarginMs (${leaseMs - leaseMarginMs}) must be at least 2 * heartbeatMs + storeFailoverMs + ${HEARTBEAT_RETRY_MS_MAX} (${silenceMs}), or a failover of the store aborts handlers`,
  ];
  return faults.filter((fault) => fault !== false);
}

/** From how long before their end leases are worth a look: those that are renewed in time never get there. */
export const computeRescueAheadMs = ({ leaseMs, heartbeatMs }: Pick<LeaseLimits, "leaseMs" | "heartbeatMs">): number =>
  Math.max(0, leaseMs - heartbeatMs - RENEWAL_MS_MAX);
