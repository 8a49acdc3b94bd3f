import type { Job } from "@tickline/shared/domain/job";
import { inHalves } from "@tickline/shared/runtime/in-halves";
import { fireBatch, type FireReport } from "./fire-batch.ts";
import type { JobWindow } from "./job-window.ts";
import { createLostFires } from "./lost-fires.ts";
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
  const sortLost = createLostFires();

  /** One that the store refuses must not keep its neighbours from being fired. */
  async function fly(jobs: readonly Job[]): Promise<void> {
    try {
      const refused = await inHalves(jobs, async (part) => apply(await fireBatch(context, part)));
      for (const { item, fault } of refused) setAside(item, `its fire is refused: ${fault.message}`);
    } catch (fault) {
      // Nobody knows whether it was written: what stands is read again, and the runs are found by their ids.
      context.log.warn({ err: fault, jobs: jobs.length }, "a fire was not acknowledged; its jobs are read again");
      readAgain(jobs);
    }
  }
  function apply({ advanced, postponed, notEvaluated, lost, ended, due, publishable }: FireReport): void {
    for (const job of [...advanced, ...postponed]) {
      window.firing.delete(job.uid);
      window.advance(job);
    }
    for (const { job, reason } of notEvaluated) setAside(job, reason);
    const { again, tooOften } = sortLost(lost);
    for (const job of tooOften) setAside(job, "its fire is lost again and again, though nobody else writes it");
    if (again.length > 0) readAgain(again);
    if (ended.length > 0) onEnded(ended);
    if (due.length > 0) onFired(due);
    if (publishable) onPublishable();
  }
  function setAside(job: Job, reason: string): void {
    window.firing.delete(job.uid);
    window.setAside(job, reason);
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
