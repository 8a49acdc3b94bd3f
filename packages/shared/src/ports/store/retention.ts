import type { Instant } from "../../domain/time/instant.ts";

/**
 * A definition is kept this long after a sweep has found that nothing uses it: naming it (`addDefinition`, `origin`) and
 * the fire that makes a run of it are two calls. Far longer than any caller takes between them. Milliseconds.
 */
export const DEFINITION_GRACE_MS = 3_600_000;

export interface RetentionRequest {
  readonly now: Instant;
  /**
   * Ended runs that finished before this, and were scheduled for an instant before it, go if they are announced and folded. One whose
   * instant lies ahead was fired by a clock that was, and its row is what keeps the instant from being fired again.
   */
  readonly endedBefore: Instant;
  /** Request bindings older than this go. */
  readonly boundBefore: Instant;
  /** Tombstones older than this go, once no run of theirs is open. Open runs of tombstones are cancelled first. */
  readonly deletedBefore: Instant;
  /** Most rows of each kind. */
  readonly limit: number;
}

/** How far sweeps have gone, each of them noted before anything was deleted. What is younger has not been forgotten. 0: none has begun. */
export interface Forgotten {
  /** Runs that finished before this may be gone. */
  readonly runs: Instant;
  /** Jobs that were deleted before this may be gone, with their tombstones. */
  readonly jobs: Instant;
}

export interface RetentionResult {
  readonly runs: number;
  readonly requests: number;
  readonly tombstones: number;
  readonly definitions: number;
  /** True when some kind reached `limit`, or there is more to look at: call again. */
  readonly more: boolean;
}

/**
 * Forgets what is past its time, a bounded batch a call. Nothing open, unannounced or pending is ever deleted. Definitions
 * that neither their job nor any run uses go too; to find them may take a store many sweeps, and each begins the grace anew
 * that uses one (a fire that names it, an edit to it, `addDefinition`). Rows in a state that this version does not know are
 * never deleted, and keep no other from being deleted.
 */
export interface Retention {
  sweep(request: RetentionRequest): Promise<RetentionResult>;
  forgotten(): Promise<Forgotten>;
}
