import type { Publication } from "@tickline/shared/ports/due-runs";
import { createGathering, type Gathering } from "@tickline/shared/runtime/gathering";
import { publicationKey, type PublishWindows } from "./publish-windows.ts";
import type { RangeContext } from "./scheduler-deps.ts";

export interface PublishNote extends Publication {
  readonly queue: string;
}

/**
 * What was handed to the bus and has to be noted in the store. Most runs are claimed before their note is written, and then
 * it is not. What is not noted the store still calls publishable, so a note is kept until it is written or its run claimed.
 */
export type PublishNotes = Gathering<PublishNote>;

export const createPublishNotes = ({ dueRuns, config, clock, now, log }: RangeContext, windows: PublishWindows): PublishNotes =>
  createGathering<PublishNote>({
    clock,
    keyOf: publicationKey,
    gatherMs: config.noteMs,
    itemsMax: config.publishRunsMax,
    write: (runs) => dueRuns.published({ runs, now: now(), repeatMs: config.repeatMs, repeatMsMax: config.repeatMsMax }),
    onFault(fault, notes) {
      log.warn({ err: fault, runs: notes.length }, "published runs were not noted; that is tried again before the next look for others");
      return notes.filter((note) => windows.holds(note.queue, note));
    },
  });
