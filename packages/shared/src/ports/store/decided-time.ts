import type { Instant } from "../../domain/time/instant.ts";

/**
 * The latest time that a process used for a decision. It is kept in the store, so a process that starts later can see that
 * the store's clock was set back since.
 */
export interface DecidedTime {
  /** 0: no decision has been recorded yet. */
  latest(): Promise<Instant>;
  /** Records a time used for decisions. The latest one is kept, in any order of calls. */
  note(now: Instant): Promise<void>;
}
