import type { DueRun } from "@tickline/shared/domain/due-run";
import type { Publication } from "@tickline/shared/ports/due-runs";
import { createLoop } from "@tickline/shared/runtime/loop";
import type { Service } from "@tickline/shared/runtime/service";
import { createPublishRounds } from "./publish-rounds.ts";
import { createPublishWindows } from "./publish-windows.ts";
import type { RangeContext } from "./scheduler-deps.ts";
import { rangeName } from "./slot-ranges.ts";

export interface Publisher extends Service {
  /** Publishes what is publishable, as far as the windows allow. Returns how many runs were handed to the bus. */
  publish(): Promise<number>;
  /** Runs may have become publishable. */
  wake(): void;
  /** These were just fired: they are published without being looked for, unless older ones wait. */
  fired(runs: readonly DueRun[]): void;
  /** A hint that an attempt was claimed. If it was one published here, its place in the window is free. */
  claimed(queue: string, publication: Publication): void;
}

/**
 * Hands due runs to the bus within a bounded window of unclaimed ones per queue. The backlog stays in the store, where
 * it can be ordered, cancelled and seen; a topic never fills with it.
 */
export function createPublisher(context: RangeContext): Publisher {
  const { slots, config, clock, log, metrics } = context;
  const windows = createPublishWindows(config.windowRunsMax, wake);
  const rounds = createPublishRounds(context, windows);
  const range = rangeName(slots);

  async function round(): Promise<number> {
    try {
      return await rounds.round();
    } finally {
      for (const [queue, runs] of windows.unclaimed()) metrics.window.set({ queue, range }, runs);
    }
  }
  const loop = createLoop({
    name: "publish",
    clock,
    log,
    runOnce: async () => {
      await round();
      return rounds.nextInMs();
    },
  });
  function wake(): void {
    rounds.lookSoon();
    loop.wake();
  }
  return {
    start: loop.start,
    async stop() {
      await loop.stop();
      await rounds.end();
      for (const [queue] of windows.unclaimed()) metrics.window.remove({ queue, range }); // Its next leader counts them.
    },
    wake,
    fired(runs) {
      rounds.fired(runs);
      loop.wake();
    },
    publish() {
      rounds.lookSoon();
      return round();
    },
    claimed: rounds.claimed,
  };
}
