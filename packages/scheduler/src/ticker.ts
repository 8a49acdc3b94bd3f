import type { Job } from "@tickline/shared/domain/job";
import { createLoop } from "@tickline/shared/runtime/loop";
import type { Service } from "@tickline/shared/runtime/service";
import type { EndedRun } from "@tickline/shared/domain/settlement";
import { fireBatch, type FireReport } from "./fire-batch.ts";
import { createJobWindow } from "./job-window.ts";
import type { RangeContext } from "./scheduler-deps.ts";

/** What the ticker tells its neighbours. */
export interface TickListeners {
  readonly onPublishable: () => void;
  readonly onEnded: (runs: readonly EndedRun[]) => void;
}

export interface Ticker extends Service {
  /** Fires what is due now, in as many batches as it takes. Returns when the last one is durable. */
  tick(): Promise<void>;
  /** Reads ahead now. */
  refill(): Promise<void>;
  /** A hint that a job was written. */
  jobWritten(jobUid: string, nextRunAt: number | null): void;
  /** A hint that a run of a job ended; handlers of its next run are told of it. */
  runEnded(jobUid: string, lastRun: NonNullable<Job["lastRun"]>): void;
}

/** A due job waits for a local worker at most this long before it is fired for anybody. Milliseconds. */
const HELD_MS_MAX = 5_000;

/** Fires jobs at their time: sleeps to the earliest of a heap, never polls. */
export function createTicker(context: RangeContext, listeners: TickListeners): Ticker {
  const { config, clock, log, localWorkers, leads, now } = context;
  const window = createJobWindow(context);
  const { heap, firing } = window;
  const flights = new Set<Promise<void>>();
  let overdueAtMs = Number.NEGATIVE_INFINITY;

  /** Takes due jobs, leaving in the heap those for which a local worker will be free in a moment. */
  function takeFireable(): Job[] {
    const due = heap.takeDue(now(), config.fireJobsMax);
    if (localWorkers === null) return due;
    const { fireable, held } = splitHeld(due);
    held.forEach((job) => heap.put(job));
    if (held.length > 0) localWorkers.onceFree(fireLoop.wake);
    return fireable;
  }
  function splitHeld(due: readonly Job[]): { fireable: Job[]; held: Job[] } {
    const fireable: Job[] = [];
    const held: Job[] = [];
    let free = localWorkers?.free() ?? 0;
    for (const job of due) {
      const { queue, handler } = job.definition;
      if (free > 0) free -= 1;
      else if (now() - (job.nextRunAt ?? 0) < HELD_MS_MAX && localWorkers?.freeSoon(queue, handler)) {
        held.push(job);
        continue;
      }
      fireable.push(job);
    }
    return { fireable, held };
  }
  async function fly(jobs: readonly Job[]): Promise<void> {
    for (const { uid } of jobs) firing.add(uid);
    try {
      apply(await fireBatch(context, jobs));
    } catch (fault) {
      // Nobody knows whether it was written: what stands is read again, and the runs are found by their ids.
      log.warn({ err: fault, jobs: jobs.length }, "a fire was not acknowledged; its jobs are read again");
      land(jobs);
      jobs.forEach(({ uid }) => window.reread(uid));
      readLoop.wake();
    }
  }
  function apply(report: FireReport): void {
    land(report.advanced);
    land(report.lost);
    land(report.postponed);
    report.advanced.forEach(window.advance);
    report.postponed.forEach(window.advance);
    report.lost.forEach(({ uid }) => window.reread(uid));
    if (report.lost.length > 0) readLoop.wake();
    if (report.ended.length > 0) listeners.onEnded(report.ended);
    if (report.publishable) listeners.onPublishable();
  }
  const land = (jobs: readonly Job[]): void => jobs.forEach(({ uid }) => firing.delete(uid));

  async function fireDue(): Promise<number | null> {
    while (leads()) {
      if (flights.size >= config.firesInFlightMax) await Promise.race(flights);
      const jobs = takeFireable();
      if (jobs.length === 0) break;
      const flight = fly(jobs).then(() => {
        flights.delete(flight);
        fireLoop.wake();
      });
      flights.add(flight);
    }
    const earliest = heap.earliest();
    if (earliest === null) return null;
    const waitMs = earliest - now();
    // What is due and still in the heap is held for a worker, whose freedom wakes the loop; the bound ends the wait.
    return waitMs > 0 ? waitMs : config.localWaitMs;
  }
  async function readAhead(): Promise<number> {
    if (clock.monotonicMs() - overdueAtMs >= config.overdueMs) {
      overdueAtMs = clock.monotonicMs();
      await window.findOverdue();
    }
    await window.refill();
    fireLoop.wake();
    return Math.min(config.overdueMs, config.horizonMs / 4);
  }
  const fireLoop = createLoop({ name: "fire", clock, log, runOnce: fireDue });
  const readLoop = createLoop({ name: "read-ahead", clock, log, runOnce: readAhead });
  return {
    async start() {
      await readLoop.start();
      await fireLoop.start();
    },
    async stop() {
      await Promise.all([readLoop.stop(), fireLoop.stop()]);
      await Promise.all(flights);
      heap.clear();
    },
    async tick() {
      await fireDue();
      await Promise.all(flights);
    },
    refill: async () => void (await readAhead()),
    jobWritten(uid, nextRunAt) {
      if (window.hint(uid, nextRunAt)) readLoop.wake();
    },
    runEnded(uid, lastRun) {
      const job = heap.get(uid);
      if (job !== undefined) heap.put({ ...job, lastRun });
    },
  };
}
