import type { Instant } from "../../domain/time/instant.ts";
import type { StatusChange } from "../../domain/job/status-change.ts";

/** `since` inclusive, `until` exclusive, both on when runs were settled, by the store's clock. */
export interface SettledQuery {
  readonly since: Instant;
  readonly until: Instant;
  /** `next` of the part before; null: from the first. */
  readonly after: string | null;
  readonly limit: number;
}

/** A part of the settled runs, and where to continue: `next` is null at the end. A part may be empty without being the last. */
export interface SettledPart {
  readonly changes: readonly StatusChange[];
  readonly next: string | null;
}

/** The read state of jobs: `status` and `lastRun`. Guarded by `statusOrder`, so repeats and any order are harmless. */
export interface JobStatus {
  /** At most one change a job (see `latestOfEach`); a change that does not supersede the stored status has no effect. */
  apply(changes: readonly StatusChange[]): Promise<void>;
  /**
   * The present status changes of these runs, in any order: of runs that run, wait for a retry, or completed. Other and unknown
   * runs are left out. For consumers that receive messages about a run from an untrusted source.
   */
  standing(runIds: readonly string[]): Promise<readonly StatusChange[]>;
  /**
   * Runs that completed (`isCompleted`), including cancelled ones that never started, by when they were settled. The range has an end so that a reader can reach it: more
   * runs are settled all the time.
   */
  settledSince(query: SettledQuery): Promise<SettledPart>;
  /** The watermark: runs settled before this are applied to `status`; 0 at first. */
  watermark(): Promise<Instant>;
  /** Never moves back. */
  advance(watermark: Instant): Promise<void>;
  /** Moves the watermark back, never forward: for a watermark ahead of the store's clock, after that clock was set back. */
  rewind(watermark: Instant): Promise<void>;
}
