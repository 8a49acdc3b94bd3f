import type { LastRun } from "@tickline/shared/domain/run";
import { createLoop } from "@tickline/shared/runtime/loop";
import type { Service } from "@tickline/shared/runtime/service";
import { createFireable } from "./fireable.ts";
import { createFlights } from "./flights.ts";
import { createJobWindow } from "./job-window.ts";
import type { RangeListeners } from "./range-listeners.ts";
import type { RangeContext } from "./scheduler-deps.ts";

export interface Ticker extends Service {
  /** Fires what is due now, in as many batches as it takes. Resolves when the last one has been answered. */
  tick(): Promise<void>;
  /** Reads ahead, and reads again what hints and lost fires asked for. Returns how long that is good for, in milliseconds. */
  readAhead(): Promise<number>;
  /** A hint that a job was written. */
  jobWritten(jobUid: string, nextRunAt: number | null): void;
  /** A hint that a run of a job ended; the handler of its next run is told of it. */
  runEnded(jobUid: string, lastRun: LastRun): void;
}

/** Fires jobs at their time: sleeps to the earliest of a heap, never polls. */
export function createTicker(context: RangeContext, listeners: RangeListeners): Ticker {
  const { config, clock, log, leads, now } = context;
  const window = createJobWindow(context);
  const flights = createFlights(context, { ...listeners, window, onReread: () => readLoop.wake() });
  const fireable = createFireable(context, window, () => fireLoop.wake());
  const fireLoop = createLoop({ name: "fire", clock, log, runOnce: fireDue });
  const readLoop = createLoop({ name: "read-ahead", clock, log, runOnce: readAhead });
  let overdueAtMs = Number.NEGATIVE_INFINITY;

  async function fireDue(): Promise<number | null> {
    while (leads()) {
      await flights.room();
      if (!leads()) break;
      const jobs = fireable.take();
      if (jobs.length === 0) break;
      flights.launch(jobs, fireLoop.wake);
    }
    // The lock may be another's: `keep` decides that soon, and what is due must not spin meanwhile.
    if (!leads()) return config.localWaitMs;
    const earliest = window.heap.earliest();
    const waitMs = earliest === null ? null : Math.max(0, earliest - now());
    // A worker that gets free wakes the loop; the bound is for held jobs that have waited long enough.
    return fireable.holding ? Math.min(waitMs ?? config.localWaitMs, config.localWaitMs) : waitMs;
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
  return {
    async start() {
      await readLoop.start();
      await fireLoop.start();
    },
    async stop() {
      await Promise.all([readLoop.stop(), fireLoop.stop()]);
      await flights.settled();
      // Another may lead meanwhile: what is known here is worth nothing when leadership comes back.
      window.clear();
      fireable.clear();
      overdueAtMs = Number.NEGATIVE_INFINITY;
    },
    async tick() {
      await fireDue();
      await flights.settled();
    },
    readAhead,
    jobWritten(uid, nextRunAt) {
      if (window.hint(uid, nextRunAt)) readLoop.wake();
    },
    runEnded: window.runEnded,
  };
}
