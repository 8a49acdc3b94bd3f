import type { Job } from "@tickline/shared/domain/job";
import { fireBatch, type FireReport } from "./fire-batch.ts";
import type { JobWindow } from "./job-window.ts";
import type { RangeListeners } from "./range-listeners.ts";
import type { RangeContext } from "./scheduler-deps.ts";

/** Fires on their way to the store, a bounded number at once: the next is planned while the last is made durable. */
export interface Flights {
  /** Resolves when there is room for one more. */
  room(): Promise<void>;
  /** Fires these jobs; `landed` is called when the store has answered, or failed to. */
  launch(jobs: readonly Job[], landed: () => void): void;
  /** Resolves when all that were on their way have landed. */
  settled(): Promise<void>;
}

export interface FlightDeps extends RangeListeners {
  readonly window: JobWindow;
  /** Some jobs have to be read again. */
  readonly onReread: () => void;
}

export function createFlights(context: RangeContext, { window, onReread, onEnded, onFired, onPublishable }: FlightDeps): Flights {
  const flights = new Set<Promise<void>>();

  async function fly(jobs: readonly Job[]): Promise<void> {
    try {
      apply(await fireBatch(context, jobs));
    } catch (fault) {
      // Nobody knows whether it was written: what stands is read again, and the runs are found by their ids.
      context.log.warn({ err: fault, jobs: jobs.length }, "a fire was not acknowledged; its jobs are read again");
      readAgain(jobs);
    }
  }
  function apply({ advanced, postponed, lost, ended, due, publishable }: FireReport): void {
    for (const job of [...advanced, ...postponed]) {
      window.firing.delete(job.uid);
      window.advance(job);
    }
    if (lost.length > 0) readAgain(lost);
    if (ended.length > 0) onEnded(ended);
    if (due.length > 0) onFired(due);
    if (publishable) onPublishable();
  }
  function readAgain(jobs: readonly Job[]): void {
    for (const { uid } of jobs) {
      window.firing.delete(uid);
      window.reread(uid);
    }
    onReread();
  }
  return {
    async room() {
      while (flights.size >= context.config.firesInFlightMax) await Promise.race(flights);
    },
    launch(jobs, landed) {
      for (const { uid } of jobs) window.firing.add(uid);
      const flight = fly(jobs).then(() => {
        flights.delete(flight);
        landed();
      });
      flights.add(flight);
    },
    async settled() {
      await Promise.all(flights);
    },
  };
}
