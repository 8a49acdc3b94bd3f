import type { Publication } from "@tickline/shared/ports/due-runs";
import { createGathering, type Gathering } from "@tickline/shared/runtime/gathering";
import type { RangeContext } from "./scheduler-deps.ts";

/**
 * What was handed to the bus and has to be noted in the store, by run. Most runs are claimed before their note is written,
 * and then it is not. What is not noted the store still calls publishable.
 */
export type PublishNotes = Gathering<Publication>;

export const createPublishNotes = ({ dueRuns, config, clock, now, log }: RangeContext): PublishNotes =>
  createGathering({
    clock,
    gatherMs: config.noteMs,
    itemsMax: config.publishRunsMax,
    write: (runs) => dueRuns.published({ runs, now: now(), repeatMs: config.repeatMs, repeatMsMax: config.repeatMsMax }),
    // The claim tells a repeat from the first.
    onFault: (fault, runs) =>
      log.warn({ err: fault, runs: runs.length }, "published runs were not noted; the next look into the store publishes them again"),
  });
