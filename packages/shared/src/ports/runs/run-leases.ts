import type { Instant } from "../../domain/time/instant.ts";
import type { JobDefinition } from "../../domain/job/job-definition.ts";
import type { RunError } from "../../domain/run/run-error.ts";
import type { EndedRun } from "../../domain/run/settlement.ts";
import type { Shard } from "../../domain/slot.ts";

/** A running attempt whose lease may have ended. */
export interface LeaseView {
  readonly runId: string;
  /** For the log. */
  readonly handler: string;
  readonly attempt: number;
  readonly rescues: number;
  readonly leaseMs: number;
  /** The exact expiry now stored: a rescue compares it, so that a renewal in between wins. */
  readonly expiresAt: Instant;
  /** True when the store knows that the owner is gone (embedded: another incarnation of its own process); then no wait is needed. */
  readonly ownerGone: boolean;
  readonly onUncertain: JobDefinition["onUncertain"];
  readonly cancelRequested: boolean;
}

/** `due`: attempt + 1. `lost`: the outcome of the attempt is unknown and the job forbids another run. `failed`: rescued too often. */
export interface Rescue {
  readonly runId: string;
  readonly expiresAt: Instant;
  readonly to: "due" | "lost" | "failed" | "cancelled";
  /** The error of a run that ends here. Default: the error of its latest failed attempt. */
  readonly error?: RunError;
}

export interface RescueResult {
  /** How many won their compare-and-set, including those that ended. */
  readonly rescued: number;
  readonly ended: readonly EndedRun[];
}

/**
 * Where a scan of the leases continues: after this expiry, or at it with other runs than these. Only the expiry has an order: a
 * store needs none among leases that end at the same instant, of which one claim makes hundreds.
 */
export interface LeasePosition {
  readonly expiresAt: Instant;
  readonly runIds: readonly string[];
}

export interface EndingQuery {
  readonly shard: Shard;
  readonly now: Instant;
  /** Only leases after this position; null: from the first. */
  readonly after: LeasePosition | null;
  readonly limit: number;
}

/** Leases for the scheduler: runs that executors no longer renew are given to other executors. */
export interface RunLeases {
  /**
   * Running attempts whose stored expiry is at or before `now`, or whose owner has ended; earliest first. Fewer than `limit`: there
   * are no more.
   */
  ending(query: EndingQuery): Promise<readonly LeaseView[]>;
  /** Compare-and-set on (runId, running, `expiresAt`). Losers were renewed or settled meanwhile. */
  rescue(request: { readonly rescues: readonly Rescue[]; readonly now: Instant }): Promise<RescueResult>;
}
