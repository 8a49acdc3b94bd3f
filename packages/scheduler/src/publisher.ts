import type { DueRun } from "@tickline/shared/domain/due-run";
import { jobDue } from "@tickline/shared/events/job-due";
import { dueTopic } from "@tickline/shared/events/topics";
import { createLoop } from "@tickline/shared/runtime/loop";
import type { Service } from "@tickline/shared/runtime/service";
import { createPublishWindows } from "./publish-windows.ts";
import type { RangeContext } from "./scheduler-deps.ts";
import { rangeName } from "./slot-ranges.ts";

export interface Publisher extends Service {
  /** Publishes what is publishable, as far as the windows allow. Returns how many runs were handed to the bus. */
  publish(): Promise<number>;
  /** Runs may have become publishable. */
  wake(): void;
  /** A hint that a run was claimed. If it was one published here, its place in the window is free. */
  claimed(queue: string, runId: string): void;
}

/**
 * Hands due runs to the bus within a bounded window of unclaimed ones per queue. The backlog stays in the store, where
 * it can be ordered, cancelled and seen; a topic never fills with it.
 */
export function createPublisher(context: RangeContext): Publisher {
  const { dueRuns, slots, config, clock, log, metrics, leads } = context;
  const windows = createPublishWindows(config.windowRunsMax, () => loop.wake());
  const range = rangeName(slots);

  /** Fills one window. Claims make no room before the next round: the store's count may have known of them already. */
  async function publishQueue(queue: string, unclaimed: number): Promise<number> {
    let published = 0;
    for (;;) {
      const room = Math.min(config.windowRunsMax - unclaimed - published, config.publishRunsMax);
      if (room <= 0) windows.full(queue);
      if (room <= 0 || !leads()) return published;
      const runs = await dueRuns.publishable({ slots, queue, limit: room });
      windows.publishing(queue, runs);
      if (runs.length > 0) await handOver(context, queue, runs);
      published += runs.length;
      if (runs.length < room) return published;
    }
  }
  async function publish(): Promise<number> {
    const counted = await dueRuns.unclaimed(slots);
    windows.counted(counted);
    let published = 0;
    for (const queue of await dueRuns.queues(slots)) published += await publishQueue(queue, counted[queue] ?? 0);
    for (const [queue, runs] of windows.unclaimed()) metrics.window.set({ queue, range }, runs);
    return published;
  }
  const loop = createLoop({
    name: "publish",
    clock,
    log,
    runOnce: async () => {
      await publish();
      return config.publishPollMs;
    },
  });
  return {
    start: loop.start,
    async stop() {
      await loop.stop();
      for (const [queue] of windows.unclaimed()) metrics.window.remove({ queue, range }); // Its next leader counts them.
    },
    wake: loop.wake,
    publish,
    claimed: windows.claimed,
  };
}

async function handOver({ dueRuns, bus, config, metrics, now }: RangeContext, queue: string, runs: readonly DueRun[]): Promise<void> {
  const time = now();
  const events = runs.map((run) => jobDue(run, time));
  await bus.publish(dueTopic(queue), events);
  // A crash before this line publishes them again; the claim tells a repeat from the first.
  const publications = runs.map(({ runId, attempt }) => ({ runId, attempt }));
  await dueRuns.published({ runs: publications, now: time, repeatMs: config.repeatMs, repeatMsMax: config.repeatMsMax });
  metrics.published.inc({ queue }, runs.length);
}
