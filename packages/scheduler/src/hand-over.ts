import type { DueRun } from "@tickline/shared/domain/due-run";
import { jobDue } from "@tickline/shared/events/job-due";
import { dueTopic } from "@tickline/shared/events/topics";
import type { PublishNotes } from "./publish-notes.ts";
import type { PublishWindows } from "./publish-windows.ts";
import type { RangeContext } from "./scheduler-deps.ts";

/**
 * Publishes runs of one queue, and returns how many the bus took: all or none. What it refused waits in the store for the next
 * look, as does whatever else of that queue is fired meanwhile; other queues go on.
 */
export type HandOver = (queue: string, runs: readonly DueRun[]) => Promise<number>;

interface HandOverDeps {
  readonly windows: PublishWindows;
  readonly notes: PublishNotes;
}

export const createHandOver =
  ({ bus, metrics, now, log }: RangeContext, { windows, notes }: HandOverDeps): HandOver =>
  async (queue, runs) => {
    const time = now();
    windows.publishing(queue, runs);
    try {
      const events = runs.map((run) => jobDue(run, time));
      await bus.publish(dueTopic(queue), events);
    } catch (fault) {
      windows.refused(queue, runs);
      log.warn({ err: fault, queue, runs: runs.length }, "due runs were not published; the next look finds them again");
      return 0;
    }
    // A crash before these are written publishes their runs again; the claim tells a repeat from the first.
    for (const { runId, attempt } of runs.filter((run) => windows.holds(queue, run))) notes.add({ queue, runId, attempt });
    metrics.published.inc({ queue }, runs.length);
    return runs.length;
  };
