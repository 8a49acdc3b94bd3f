import type { DueRun } from "@tickline/shared/domain/due-run";
import type { RangeContext } from "./scheduler-deps.ts";

/** Tells the store what was handed to the bus, beside the publisher's work: what gathers during one answer is told at once. */
export interface PublishNotes {
  add(runs: readonly DueRun[]): void;
  /** Resolves when all that was added is told, or known to have failed: then the store still calls those runs publishable. */
  told(): Promise<void>;
}

export function createPublishNotes({ dueRuns, config, now, log }: RangeContext): PublishNotes {
  let untold: DueRun[] = [];
  let telling: Promise<void> | null = null;

  async function tell(): Promise<void> {
    while (untold.length > 0) {
      const runs = untold.map(({ runId, attempt }) => ({ runId, attempt }));
      untold = [];
      try {
        await dueRuns.published({ runs, now: now(), repeatMs: config.repeatMs, repeatMsMax: config.repeatMsMax });
      } catch (fault) {
        // The next look finds them publishable and publishes them again; the claim tells a repeat from the first.
        log.warn({ err: fault, runs: runs.length }, "published runs were not noted; they will be published again");
      }
    }
    telling = null;
  }
  return {
    add(runs) {
      untold.push(...runs);
      telling ??= tell();
    },
    async told() {
      await telling;
    },
  };
}
