import type { DueRun } from "@tickline/shared/domain/due-run";
import { jobDue } from "@tickline/shared/events/job-due";
import { dueTopic } from "@tickline/shared/events/topics";
import { createLoop } from "@tickline/shared/runtime/loop";
import type { Service } from "@tickline/shared/runtime/service";
import { rangeName } from "./slot-ranges.ts";
import type { RangeContext } from "./scheduler-deps.ts";

export interface Publisher extends Service {
  /** Publishes what is publishable, as far as the windows allow. Returns how many runs were handed to the bus. */
  publish(): Promise<number>;
  /** Runs may have become publishable. */
  wake(): void;
  /** A hint that a published run was claimed: its place in the window is free. */
  claimed(queue: string): void;
}

/**
 * Hands due runs to the bus within a bounded window of unclaimed ones per queue. The backlog stays in the store, where
 * it can be ordered, cancelled and seen; a topic never fills with it.
 */
export function createPublisher(context: RangeContext): Publisher {
  const { dueRuns, slots, config, clock, log, metrics, leads } = context;
  /** Unclaimed runs by queue: counted in the store at each round, in between by hints. */
  let unclaimed: Record<string, number> = {};
  let waiting = false;
  const range = rangeName(slots);

  async function publishQueue(queue: string): Promise<number> {
    let published = 0;
    for (;;) {
      const room = Math.min(config.windowRunsMax - (unclaimed[queue] ?? 0), config.publishRunsMax);
      if (room <= 0 || !leads()) {
        waiting = true;
        return published;
      }
      const runs = await dueRuns.publishable({ slots, queue, limit: room });
      if (runs.length > 0) await handOver(context, queue, runs);
      unclaimed[queue] = (unclaimed[queue] ?? 0) + runs.length;
      published += runs.length;
      if (runs.length < room) return published;
    }
  }
  async function publish(): Promise<number> {
    waiting = false;
    unclaimed = { ...(await dueRuns.unclaimed(slots)) };
    let published = 0;
    for (const queue of await dueRuns.queues(slots)) published += await publishQueue(queue);
    for (const [queue, runs] of Object.entries(unclaimed)) metrics.window.set({ queue, range }, runs);
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
      for (const queue of Object.keys(unclaimed)) metrics.window.remove({ queue, range }); // Its next leader counts them.
    },
    wake: loop.wake,
    publish,
    claimed(queue) {
      const rest = (unclaimed[queue] ?? 0) - 1;
      unclaimed[queue] = Math.max(0, rest);
      if (waiting && rest <= config.windowRunsMax / 2) loop.wake();
    },
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
