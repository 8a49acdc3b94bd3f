import type { Instant } from "../../domain/time/instant.ts";

/**
 * The latest time by which anybody has decided anything. It outlives every process, so whoever starts later can tell that
 * the store's clock has been set back since.
 */
export interface DecidedTime {
  /** 0: no decision has been recorded yet. */
  latest(): Promise<Instant>;
  /** Notes that decisions are made by this time. The latest stands, whatever the order. */
  note(now: Instant): Promise<void>;
}
