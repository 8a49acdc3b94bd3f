import type { DueRun } from "@tickline/shared/domain/due-run";

/** Published, unclaimed runs by queue between two counts of the store: they say when to look again, not how many may be published. */
export interface PublishWindows {
  /** A new count: whatever was known before is in it. */
  counted(unclaimed: Readonly<Record<string, number>>): void;
  /** These are about to be handed over: before they are, as their claims may be heard of at once. */
  publishing(queue: string, runs: readonly DueRun[]): void;
  /** No more fit: `onRoom` is called as soon as half of them are claimed, which they may be already. */
  full(queue: string): void;
  /** A hint that a run was claimed. Most runs of a process with workers of its own are claimed by their fire, and were never published. */
  claimed(queue: string, runId: string): void;
  /** As last counted, and by hints since. */
  unclaimed(): Iterable<readonly [queue: string, runs: number]>;
}

interface QueueWindow {
  unclaimed: number;
  /** Runs handed over of whose claim nothing has been heard, the oldest first; no more than a window. */
  readonly published: Set<string>;
  waiting: boolean;
}

export function createPublishWindows(windowRunsMax: number, onRoom: () => void): PublishWindows {
  const windows = new Map<string, QueueWindow>();
  function windowOf(queue: string): QueueWindow {
    let window = windows.get(queue);
    if (window === undefined) windows.set(queue, (window = { unclaimed: 0, published: new Set(), waiting: false }));
    return window;
  }
  function tellOfRoom({ waiting, unclaimed }: QueueWindow): void {
    if (waiting && unclaimed <= windowRunsMax / 2) onRoom();
  }
  return {
    counted(unclaimed) {
      for (const window of windows.values()) Object.assign(window, { unclaimed: 0, waiting: false });
      for (const [queue, runs] of Object.entries(unclaimed)) windowOf(queue).unclaimed = runs;
    },
    publishing(queue, runs) {
      const window = windowOf(queue);
      for (const { runId } of runs) window.published.add(runId);
      window.unclaimed += runs.length;
      // Those whose hints were lost: the store's count has known of them for long.
      for (const runId of window.published) {
        if (window.published.size <= windowRunsMax) break;
        window.published.delete(runId);
      }
    },
    full(queue) {
      const window = windowOf(queue);
      window.waiting = true;
      tellOfRoom(window);
    },
    claimed(queue, runId) {
      const window = windows.get(queue);
      if (window === undefined || !window.published.delete(runId)) return;
      window.unclaimed = Math.max(0, window.unclaimed - 1);
      tellOfRoom(window);
    },
    unclaimed: () => [...windows].map(([queue, { unclaimed }]) => [queue, unclaimed] as const),
  };
}
