import type { EndedRun } from "@tickline/shared/domain/settlement";

/** What the parts of a range's leadership tell each other. */
export interface RangeListeners {
  /** Runs may have become publishable. */
  readonly onPublishable: () => void;
  /** Runs the scheduler has ended, to be announced. */
  readonly onEnded: (runs: readonly EndedRun[]) => void;
}
