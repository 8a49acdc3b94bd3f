import type { Fire } from "../../domain/fire/fire.ts";
import type { Instant } from "../../domain/time/instant.ts";
import type { Job } from "../../domain/job/job.ts";
import type { Reason } from "../../domain/run/reason.ts";
import type { RunState } from "../../domain/run/run-state.ts";
import type { Shard } from "../../domain/slot.ts";

export interface UpcomingQuery {
  readonly shard: Shard;
  /** Only jobs with `nextRunAt` at or before this; null: however far ahead, which is slower than to read what comes soon. */
  readonly until: Instant | null;
  /** Only jobs behind this position in (`nextRunAt`, `uid`) order; null: from the first, however long overdue. */
  readonly after: { readonly nextRunAt: Instant; readonly uid: string } | null;
  readonly limit: number;
}

/** Who claims, in the same write, the entries that ask for it. Stores that cannot do that leave them `due`. */
export interface Claimant {
  readonly executor: string;
  readonly token: string;
  readonly leaseMs: number;
}

/**
 * A batch of fires. Rejected, it may or may not have been applied, as any write; but a store whose leases no clock ends
 * (`FireResult.leaseMs` null) rejects only what it has not applied: the runs claimed by a fire whose answer was lost would
 * not be started, and not be rescued before that process has ended.
 */
export interface FireRequest {
  readonly fires: readonly Fire[];
  readonly now: Instant;
  /** With `claimed`, indexes into `fires` whose first `due` entry a local worker is already free for. */
  readonly claimant: Claimant | null;
  readonly claimed: readonly number[];
}

/** What now exists of one entry of a fire: the row just made, or the one an earlier fire of the same identity made. */
export interface FiredRun {
  readonly runId: string;
  readonly state: RunState;
  readonly reason: Reason | null;
  /** True only if this very fire made the row: what an earlier one made is announced by its own end, not by this fire. */
  readonly created: boolean;
  /** True only if the claimant of this very request won it. */
  readonly claimed: boolean;
}

/** `lost` fires created nothing. The runs of a `won` one stand in the order of its entries. */
export type FireOutcome = { readonly kind: "won"; readonly runs: readonly FiredRun[] } | { readonly kind: "lost" };

export interface FireResult {
  /** In the order of `FireRequest.fires`. */
  readonly outcomes: readonly FireOutcome[];
  /** Null when the lease of claimed runs cannot be ended by any clock (embedded: the process is the lease). */
  readonly leaseMs: number | null;
}

export interface RepairRequest {
  readonly shard: Shard;
  /** Later fires may be under way: completing them is safe, and work done twice. */
  readonly firedBefore: Instant;
  readonly limit: number;
}

/**
 * Jobs by their next instant, and the fire: the one write that advances a job and makes its runs known to exist. A
 * crash inside `fire` leaves either nothing or something that `repair` completes; no run is ever created elsewhere.
 */
export interface DueJobs {
  /**
   * Active jobs in (`nextRunAt`, `uid`) order, those with `unreadable` among them: they are returned so that a reader comes
   * past them. Fewer than `limit` jobs mean that there are no more.
   */
  upcoming(query: UpcomingQuery): Promise<readonly Job[]>;
  /** The jobs of these uids as they stand now, in any order; those unknown or deleted are left out. */
  read(jobUids: readonly string[]): Promise<readonly Job[]>;
  fire(request: FireRequest): Promise<FireResult>;
  /**
   * Completes fires that crashed between their compare-and-set and their runs. Returns how many jobs it mended. Runs are
   * made also where the definition cannot be read; one fire that cannot be completed keeps no other from being completed.
   */
  repair(request: RepairRequest): Promise<number>;
}
