import { AppError } from "@tickline/shared/domain/app-error";
import type { Publication } from "@tickline/shared/ports/runs/due-runs";
import { createBatcher } from "@tickline/shared/runtime/batch/batcher";
import { inHalves } from "@tickline/shared/runtime/batch/in-halves";
import { createRefusals, type Refusals } from "../refusals.ts";
import type { ShardContext } from "../shard-context.ts";
import { publicationKey, type PublishWindow } from "./publish-window.ts";

/**
 * Notes in the store that runs were published. Notes wait a little and are written together: most runs are claimed before that, and then
 * need no note. The store calls a run publishable until it is noted or claimed, so a note is kept until one of them is the case.
 */
export interface PublishNotes {
  add(queue: NotedQueue, publications: readonly Publication[]): void;
  /** The run was claimed: its note need not be written. */
  drop(publication: Publication): void;
  /** Resolves when all notes are written. The store must not be polled before: it would return their runs once more. */
  flush(): Promise<void>;
}

/** What is known of the queue whose runs are noted. */
export interface NotedQueue {
  readonly window: Pick<PublishWindow, "holds" | "noted">;
  /** Runs that are not published for a while. */
  readonly refusals: Pick<Refusals, "refuse">;
}

interface PublishNote extends Publication {
  readonly queue: NotedQueue;
}

/** While the store refuses all notes, the fault counts as its own this many times in a row, and then as the fault of the notes. */
const ALL_REFUSED_MAX = 20;

export function createPublishNotes({ dueRuns, config, clock, now, log }: ShardContext): PublishNotes {
  const refusals = createRefusals({ config, clock });
  let allRefused = 0;

  async function write(notes: readonly PublishNote[]): Promise<void> {
    const refused = await inHalves(notes, writeSome);
    const [first] = refused;
    if (first === undefined) return;
    const isKnown = refused.some(({ item }) => refusals.has(publicationKey(item)));
    if (refused.length === notes.length && !isKnown && (allRefused += 1) <= ALL_REFUSED_MAX) throw first.fault;
    for (const { item: note, fault: err } of refused) {
      refusals.refuse(publicationKey(note));
      note.queue.refusals.refuse(publicationKey(note)); // The store still calls the run publishable.
      note.queue.window.noted([note]); // No count of the store will include it.
      log.warn(
        { err, runId: note.runId },
        "a published run is set aside: the store refuses to note it; it is published again after a wait",
      );
    }
  }
  async function writeSome(notes: readonly PublishNote[]): Promise<void> {
    const runs = notes.map(({ runId, attempt, publishedAt }) => ({ runId, attempt, publishedAt }));
    await dueRuns.published({ runs, now: now(), repeatMs: config.repeatMs, repeatMsMax: config.repeatMsMax });
    for (const note of notes) note.queue.window.noted([note]);
    allRefused = 0;
    if (refusals.size > 0) for (const note of notes) refusals.release(publicationKey(note));
  }
  const batch = createBatcher<PublishNote>({
    clock,
    keyOf: publicationKey,
    waitMs: config.noteMs,
    itemsMax: config.publishRunsMax,
    write,
    onFault(fault, notes) {
      log.warn({ err: fault, runs: notes.length }, "published runs were not noted; the notes are tried again before the next poll");
      return notes.filter((note) => note.queue.window.holds(note));
    },
  });
  return {
    add: (queue, publications) => publications.forEach((publication) => batch.add({ ...publication, queue })),
    drop: (publication) => batch.drop(publicationKey(publication)),
    async flush() {
      if (!(await batch.flushed()))
        throw new AppError("store_unavailable", "published runs could not be noted: the store is not polled meanwhile", {
          retryable: true,
        });
    },
  };
}
