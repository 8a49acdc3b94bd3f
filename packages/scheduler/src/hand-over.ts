import type { DueRun } from "@tickline/shared/domain/due-run";
import { jobDue } from "@tickline/shared/events/job-due";
import { dueTopic } from "@tickline/shared/events/topics";
import type { PublishNotes } from "./publish-notes.ts";
import { publicationKey, type PublishWindows } from "./publish-windows.ts";
import type { RangeContext } from "./scheduler-deps.ts";

/** Publishes runs of one queue. Returns how many; rejects when the bus refused them, and then the store calls them publishable still. */
export type HandOver = (queue: string, runs: readonly DueRun[]) => Promise<number>;

interface HandOverDeps {
  readonly windows: PublishWindows;
  readonly notes: PublishNotes;
}

export const createHandOver =
  ({ bus, metrics, now }: RangeContext, { windows, notes }: HandOverDeps): HandOver =>
  async (queue, runs) => {
    const time = now();
    windows.publishing(queue, runs);
    const events = runs.map((run) => jobDue(run, time));
    await bus.publish(dueTopic(queue), events);
    // A crash before these are written publishes their runs again; the claim tells a repeat from the first.
    for (const { runId, attempt } of runs.filter((run) => windows.holds(queue, run))) {
      const publication = { runId, attempt };
      notes.add(publicationKey(publication), publication);
    }
    metrics.published.inc({ queue }, runs.length);
    return runs.length;
  };
