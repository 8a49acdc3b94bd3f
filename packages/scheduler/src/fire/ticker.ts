import type { LastRun } from "@tickline/shared/domain/run/run";
import { createLoop } from "@tickline/shared/runtime/service/loop";
import type { Service } from "@tickline/shared/runtime/service/service";
import type { ShardContext, ShardListeners } from "../shard-context.ts";
import { createDueSelection } from "./due-selection.ts";
import { createInFlightFires } from "./in-flight-fires.ts";
import { createJobWindow } from "./job-window.ts";

export interface Ticker extends Service {
  /** Fires what is due now, in as many batches as it takes. Resolves when the last one has been answered. */
  tick(): Promise<void>;
  /** Reads ahead, and reads again the jobs that hints named or whose fires were lost. Returns in how many milliseconds to call it again. */
  readAhead(): Promise<number>;
  /** A hint that a job was written. */
  jobWritten(jobUid: string, nextRunAt: number | null): void;
  /** A hint that a run of a job ended; the handler of its next run receives it. */
  runEnded(jobUid: string, lastRun: LastRun): void;
}

/** Fires jobs at their time: it sleeps until the earliest job of the heap is due, and never polls. */
export function createTicker(context: ShardContext, listeners: ShardListeners): Ticker {
  const { config, clock, log, leads, now } = context;
  const window = createJobWindow(context);
  const fires = createInFlightFires(context, { ...listeners, window, onReread: () => readLoop.wake() });
  const dueJobs = createDueSelection(context, window, () => fireLoop.wake());
  const fireLoop = createLoop({ name: "fire", clock, log, runOnce: fireDue });
  const readLoop = createLoop({ name: "read-ahead", clock, log, runOnce: readAhead });
  let overdueAtMs = Number.NEGATIVE_INFINITY;

  async function fireDue(): Promise<number | null> {
    while (leads()) {
      await fires.waitForRoom();
      if (!leads()) break;
      const jobs = dueJobs.take();
      if (jobs.length === 0) break;
      fires.start(jobs, fireLoop.wake);
    }
    // The lock may belong to another scheduler: `Leadership` decides that soon, and due jobs must not make this loop spin meanwhile.
    if (!leads()) return config.localWaitMs;
    const earliest = window.heap.earliest();
    const waitMs = earliest === null ? null : Math.max(0, earliest - now());
    // A worker that becomes free wakes the loop; the bound is for held jobs that have waited long enough.
    return dueJobs.holding ? Math.min(waitMs ?? config.localWaitMs, config.localWaitMs) : waitMs;
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
      await fires.completed();
      // Another scheduler may lead meanwhile: all that is known here is outdated when this one leads again.
      window.clear();
      dueJobs.clear();
      overdueAtMs = Number.NEGATIVE_INFINITY;
    },
    async tick() {
      await fireDue();
      await fires.completed();
    },
    readAhead,
    jobWritten(uid, nextRunAt) {
      if (window.hint(uid, nextRunAt)) readLoop.wake();
    },
    runEnded: window.runEnded,
  };
}
