import type { DueRun } from "@tickline/shared/domain/due-run";
import { jobDue } from "@tickline/shared/events/job-due";
import { dueTopic } from "@tickline/shared/events/topics";
import { createLoop } from "@tickline/shared/runtime/loop";
import type { Service } from "@tickline/shared/runtime/service";
import type { RangeContext } from "./scheduler-deps.ts";

export interface Publisher extends Service {
  /** Publishes what is publishable, as far as the windows allow. Returns how many runs were handed to the bus. */
  publish(): Promise<number>;
  /** Runs may have become publishable. */
  wake(): void;
  /** A hint that a run was claimed. If it was one published here, its place in the window is free. */
  claimed(queue: string, runId: string): void;
}

/** What is known of one queue between two rounds. */
interface QueueWindow {
  /** As the store counted them at the last round, and by hints since. It says when to look again, not how many may be published. */
  unclaimed: number;
  /** Runs handed over here of whose claim nothing has been heard, the oldest first; no more than a window. */
  readonly published: Set<string>;
  /** True when the window was full at the last round, so that claims make room for more. */
  waiting: boolean;
}

/**
 * Hands due runs to the bus within a bounded window of unclaimed ones per queue. The backlog stays in the store, where
 * it can be ordered, cancelled and seen; a topic never fills with it.
 */
export function createPublisher(context: RangeContext): Publisher {
  const { dueRuns, slots, config, clock, log, metrics, leads } = context;
  const windows = new Map<string, QueueWindow>();
  const windowOf = (queue: string): QueueWindow => {
    const known = windows.get(queue);
    if (known !== undefined) return known;
    const window: QueueWindow = { unclaimed: 0, published: new Set(), waiting: false };
    windows.set(queue, window);
    return window;
  };

  /** Fills one window. Claims make no room before the next round: the store's count may have known of them already. */
  async function publishQueue(queue: string, unclaimed: number): Promise<number> {
    const window = windowOf(queue);
    let published = 0;
    for (;;) {
      const room = Math.min(config.windowRunsMax - unclaimed - published, config.publishRunsMax);
      window.waiting = room <= 0;
      if (room <= 0) wakeIfRoom(window);
      if (room <= 0 || !leads()) return published;
      const runs = await dueRuns.publishable({ slots, queue, limit: room });
      note(window, runs);
      if (runs.length > 0) await handOver(context, queue, runs);
      published += runs.length;
      if (runs.length < room) return published;
    }
  }
  /** Of a full window half has been claimed, maybe while it was filled. */
  function wakeIfRoom({ waiting, unclaimed }: QueueWindow): void {
    if (waiting && unclaimed <= config.windowRunsMax / 2) loop.wake();
  }
  /** Before the runs are handed over, as their claims may be heard of at once. */
  function note(window: QueueWindow, runs: readonly DueRun[]): void {
    for (const { runId } of runs) window.published.add(runId);
    window.unclaimed += runs.length;
    // Those whose hints were lost: the store's count has known of them for long.
    for (const runId of window.published) {
      if (window.published.size <= config.windowRunsMax) break;
      window.published.delete(runId);
    }
  }
  async function publish(): Promise<number> {
    const counted = await dueRuns.unclaimed(slots);
    for (const [queue, window] of windows) Object.assign(window, { unclaimed: counted[queue] ?? 0, waiting: false });
    for (const [queue, unclaimed] of Object.entries(counted)) windowOf(queue).unclaimed = unclaimed;
    let published = 0;
    for (const queue of await dueRuns.queues(slots)) published += await publishQueue(queue, counted[queue] ?? 0);
    for (const [queue, { unclaimed }] of windows) metrics.window.set({ queue }, Math.max(0, unclaimed));
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
    stop: loop.stop,
    wake: loop.wake,
    publish,
    claimed(queue, runId) {
      const window = windows.get(queue);
      // Most runs of a process with workers of its own are claimed by their fire, and were never published.
      if (window === undefined || !window.published.delete(runId)) return;
      window.unclaimed -= 1;
      wakeIfRoom(window);
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
