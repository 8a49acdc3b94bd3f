import type { Sighting, Trigger, Write } from "../checker/history.ts";

/** What the driver knows from the answers that it received. It grows while the product is driven. */
export interface Ledger {
  readonly writes: Write[];
  readonly triggers: Trigger[];
  readonly sightings: Sighting[];
  /** What was answered wrongly there and then: a write that could not be read back, one key that made two runs. */
  readonly wrongAnswers: string[];
  readonly counts: LedgerCounts;
}

export interface LedgerCounts {
  sent: number;
  unanswered: number;
  /** Writes without an answer that turned out to stand, or not to. */
  foundStanding: number;
  foundMissing: number;
  /** Answers that refused a write, by status. */
  readonly refused: Record<string, number>;
}

export const emptyLedger = (): Ledger => ({
  writes: [],
  triggers: [],
  sightings: [],
  wrongAnswers: [],
  counts: { sent: 0, unanswered: 0, foundStanding: 0, foundMissing: 0, refused: {} },
});
