import type { Fire } from "../../domain/fire/fire.ts";
import type { Instant } from "../../domain/time/instant.ts";
import type { Job } from "../../domain/job/job.ts";
import type { Reason } from "../../domain/run/reason.ts";
import type { RunState } from "../../domain/run/run-state.ts";
import type { Shard } from "../../domain/slot.ts";

export interface UpcomingQuery {
  readonly shard: Shard;
  /** Only jobs with `nextRunAt` at or before this; null: no limit, which is slower. */
  readonly until: Instant | null;
  /** Only jobs after this position in (`nextRunAt`, `uid`) order; null: from the first. */
  readonly after: { readonly nextRunAt: Instant; readonly uid: string } | null;
  readonly limit: number;
}

/** The executor that claims, in the same write, the entries that ask for it. Stores that cannot do that leave them `due`. */
export interface Claimant {
  readonly executor: string;
  readonly token: string;
  readonly leaseMs: number;
  /**
   * True: the executor is another process than that of the store, so its lease ends by time in every store, and outlives a restart of the
   * store's process. Absent: a store that only its own process can open may let leases end with that process.
   */
  readonly external?: boolean;
}

/**
 * A batch of fires. A rejected batch may or may not have been applied, as any write. A store without timed leases
 * (`FireResult.leaseMs` null) rejects only what it has not applied: otherwise the runs claimed by a fire whose answer was lost would
 * not be started, nor be rescued before that process has ended.
 */
export interface FireRequest {
  readonly fires: readonly Fire[];
  readonly now: Instant;
  /** With `claimed`: indexes into `fires` whose first `due` entry has a free local worker. */
  readonly claimant: Claimant | null;
  readonly claimed: readonly number[];
}

/** The row that now exists for one entry of a fire: the row just made, or the one an earlier fire of the same identity made. */
export interface FiredRun {
  readonly runId: string;
  readonly state: RunState;
  readonly reason: Reason | null;
  /** True only if this fire made the row. A row of an earlier fire is announced by its own end, not by this fire. */
  readonly created: boolean;
  /** True only if the claimant of this request won it. */
  readonly claimed: boolean;
}

/** `lost` fires created nothing. The runs of a `won` one are in the order of its entries. */
export type FireOutcome = { readonly kind: "won"; readonly runs: readonly FiredRun[] } | { readonly kind: "lost" };

export interface FireResult {
  /** In the order of `FireRequest.fires`. */
  readonly outcomes: readonly FireOutcome[];
  /** Null when no clock can end the lease of claimed runs (embedded: the lease lasts as long as the process). */
  readonly leaseMs: number | null;
}

export interface RepairRequest {
  readonly shard: Shard;
  /** Later fires may be in progress. Completing them is safe, but work done twice. */
  readonly firedBefore: Instant;
  readonly limit: number;
}

/**
 * Jobs by their next instant, and the fire: the one write that advances a job and makes its runs known to exist. A
 * crash inside `fire` leaves either nothing or something that `repair` completes; no run is ever created elsewhere.
 */
export interface DueJobs {
  /**
   * Active jobs in (`nextRunAt`, `uid`) order, including those with `unreadable`: they are returned so that a reader can
   * skip them. Fewer than `limit` jobs mean that there are no more.
   */
  upcoming(query: UpcomingQuery): Promise<readonly Job[]>;
  /** The present jobs of these uids, in any order; those unknown or deleted are left out. */
  read(jobUids: readonly string[]): Promise<readonly Job[]>;
  fire(request: FireRequest): Promise<FireResult>;
  /**
   * Completes fires that crashed between their compare-and-set and their runs. Returns how many jobs it repaired. Runs are
   * made even if the definition cannot be read. A fire that cannot be completed does not stop the others.
   */
  repair(request: RepairRequest): Promise<number>;
}
