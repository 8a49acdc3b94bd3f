/**
 * How long the right to run an attempt lasts, and how it is renewed. Each is a setting, explained in `runtime/config/common-settings.ts`.
 * MongoDB's documentation: "The median time before a cluster elects a new primary should not typically exceed 12 seconds, assuming default
 * replica configuration settings" (https://www.mongodb.com/docs/manual/core/replica-set-elections/#factors-and-conditions-that-affect-elections).
 */
export const LEASE_DEFAULTS = { leaseMs: 30_000, heartbeatMs: 5_000, leaseMarginMs: 5_000, storeFailoverMs: 12_000 };
export type LeaseLimits = Readonly<typeof LEASE_DEFAULTS>;

/** The longest wait before a failed renewal is sent again; waits double up to it. */
export const HEARTBEAT_RETRY_MS_MAX = 1_000;

/** The longest time from when a renewal is due until it is stored: beyond it an executor counts as late. */
const RENEWAL_MS_MAX = 3_000;

/**
 * Contradictions between these limits, as sentences. None: a running handler keeps its lease during one failover of the store that begins at
 * the worst moment. That is just before a renewal is due. At its last moment another renewal is sent, which times out after a whole heartbeat,
 * and the next one follows after the longest wait.
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

/** How long before their end leases are read: leases that are renewed in time never get that old. */
export const computeRescueAheadMs = ({ leaseMs, heartbeatMs }: Pick<LeaseLimits, "leaseMs" | "heartbeatMs">): number =>
  Math.max(0, leaseMs - heartbeatMs - RENEWAL_MS_MAX);
