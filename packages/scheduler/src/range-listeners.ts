import type { DueRun } from "@tickline/shared/domain/due-run";
import type { EndedRun } from "@tickline/shared/domain/settlement";

/** What the parts of a range's leadership tell each other. */
export interface RangeListeners {
  /** Runs that were just fired, and wait for an executor. */
  readonly onFired: (runs: readonly DueRun[]) => void;
  /** Runs may have become publishable. */
  readonly onPublishable: () => void;
  /** Runs the scheduler has ended, to be announced. */
  readonly onEnded: (runs: readonly EndedRun[]) => void;
}
