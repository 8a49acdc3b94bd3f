import type { Instant } from "../../domain/time/instant.ts";

/**
 * An unreferenced definition is kept this long after a sweep first found it, in milliseconds. Naming a definition (`addDefinition`,
 * `origin`) and the fire that makes a run of it are two calls; this is far longer than any caller takes between them.
 */
export const DEFINITION_GRACE_MS = 3_600_000;

export interface RetentionRequest {
  readonly now: Instant;
  /**
   * Ended runs that finished before this, and were scheduled for an instant before it, are deleted once they are announced and applied to
   * the status. A run whose instant is in the future was fired by a clock that was ahead: its row keeps the instant from being fired again.
   */
  readonly endedBefore: Instant;
  /** Request bindings older than this are deleted. */
  readonly boundBefore: Instant;
  /** Tombstones older than this are deleted, once they have no open run. Open runs of tombstones are cancelled first. */
  readonly deletedBefore: Instant;
  /** Most rows of each kind. */
  readonly limit: number;
}

/** The progress of sweeps, recorded before each deletion. Younger rows have not been deleted. 0: no sweep has begun. */
export interface Forgotten {
  /** Runs that finished before this may have been deleted. */
  readonly runs: Instant;
  /** Jobs that were deleted before this may have been removed, with their tombstones. */
  readonly jobs: Instant;
}

export interface RetentionResult {
  readonly runs: number;
  readonly requests: number;
  readonly tombstones: number;
  readonly definitions: number;
  /** True when some kind reached `limit`, or there is more to check: call again. */
  readonly more: boolean;
}

/**
 * Deletes expired rows, a bounded batch a call. Open, unannounced and pending rows are never deleted. Unreferenced definitions are
 * deleted too. Finding them may take many sweeps, and each use of a definition restarts its grace (a fire that names it, an edit to
 * it, `addDefinition`). Rows in a state that this version does not know are never deleted, and do not stop the deletion of others.
 */
export interface Retention {
  sweep(request: RetentionRequest): Promise<RetentionResult>;
  forgotten(): Promise<Forgotten>;
}
