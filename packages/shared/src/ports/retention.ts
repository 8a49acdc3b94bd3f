import type { Instant } from "../domain/instant.ts";

export interface RetentionRequest {
  readonly now: Instant;
  /** Ended runs that finished before this go, if they are announced and folded. */
  readonly endedBefore: Instant;
  /** Request bindings older than this go. */
  readonly boundBefore: Instant;
  /** Tombstones older than this go, once no run of theirs is open. Open runs of tombstones are cancelled first. */
  readonly deletedBefore: Instant;
  /** Most rows of each kind. */
  readonly limit: number;
}

export interface RetentionResult {
  readonly runs: number;
  readonly requests: number;
  readonly tombstones: number;
  /** True when some kind reached `limit`: call again. */
  readonly more: boolean;
}

/** Forgets what is past its time, a bounded batch a call. Nothing open, unannounced or pending is ever deleted. */
export interface Retention {
  sweep(request: RetentionRequest): Promise<RetentionResult>;
}
