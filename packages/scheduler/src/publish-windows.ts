import type { DueRun } from "@tickline/shared/domain/due-run";
import type { Publication } from "@tickline/shared/ports/due-runs";

/** Published, unclaimed runs by queue: what the store counted last, what was handed over since, and what is heard of claims. */
export interface PublishWindows {
  /** A look into the store begins: every window is open until it has found it full, or the bus has refused. */
  looking(): void;
  /** A new count. All that was handed over before it had to be known to the store. */
  counted(unclaimed: Readonly<Record<string, number>>): void;
  /** These are about to be handed over: before they are, as their claims may be heard of at once. */
  publishing(queue: string, runs: readonly DueRun[]): void;
  /** The bus did not take them: they were not handed over, and their window is closed. */
  refused(queue: string, runs: readonly DueRun[]): void;
  /** No more fit, and the window is closed: `onRoom` is called as soon as half of them are claimed, which they may be already. */
  full(queue: string): void;
  /** True from `full` or `refused` until the next look: older runs may wait in the store. */
  isClosed(queue: string): boolean;
  /** A hint that a run was claimed. Most runs of a process with workers of its own are claimed by their fire, and were never published. */
  claimed(queue: string, publication: Publication): void;
  /** How many more may be handed over at least: a claim makes room for sure only of what was handed over since the count. */
  room(queue: string): number;
  /** True when this attempt was handed over and nothing has been heard of its claim. */
  holds(queue: string, publication: Publication): boolean;
  /** False when nothing can be unclaimed in any queue: a new count would tell nothing. */
  inUse(): boolean;
  /** As last counted, and by hints since. */
  unclaimed(): Iterable<readonly [queue: string, runs: number]>;
}

/** A later attempt of a run is published for itself. */
export const publicationKey = ({ runId, attempt }: Publication): string => `${runId} ${attempt}`;

interface QueueWindow {
  unclaimed: number;
  /** No fewer than are: claims that the count may have known of already are left out. */
  unclaimedMax: number;
  /** Attempts handed over of whose claim nothing has been heard, the oldest first; no more than a window. True: since the count. */
  readonly published: Map<string, boolean>;
  /** Whether somebody is told when there is room. */
  waiting: boolean;
  closed: boolean;
}

export function createPublishWindows(windowRunsMax: number, onRoom: () => void): PublishWindows {
  const windows = new Map<string, QueueWindow>();
  function windowOf(queue: string): QueueWindow {
    let window = windows.get(queue);
    if (window === undefined)
      windows.set(queue, (window = { unclaimed: 0, unclaimedMax: 0, published: new Map(), waiting: false, closed: false }));
    return window;
  }
  function tellOfRoom({ waiting, unclaimed }: QueueWindow): void {
    if (waiting && unclaimed <= windowRunsMax / 2) onRoom();
  }
  return {
    looking() {
      for (const window of windows.values()) Object.assign(window, { waiting: false, closed: false });
    },
    counted(unclaimed) {
      for (const window of windows.values()) {
        Object.assign(window, { unclaimed: 0, unclaimedMax: 0 });
        for (const key of window.published.keys()) window.published.set(key, false);
      }
      for (const [queue, runs] of Object.entries(unclaimed)) Object.assign(windowOf(queue), { unclaimed: runs, unclaimedMax: runs });
    },
    publishing: (queue, runs) => take(windowOf(queue), runs, windowRunsMax),
    refused(queue, runs) {
      const window = windowOf(queue);
      window.closed = true;
      for (const run of runs) {
        if (!window.published.delete(publicationKey(run))) continue; // Its claim was heard of: the bus had taken it after all.
        window.unclaimed -= 1;
        window.unclaimedMax -= 1;
      }
    },
    full(queue) {
      const window = windowOf(queue);
      Object.assign(window, { waiting: true, closed: true });
      tellOfRoom(window);
    },
    isClosed: (queue) => windows.get(queue)?.closed === true,
    claimed(queue, publication) {
      const window = windows.get(queue);
      const sinceCount = window?.published.get(publicationKey(publication));
      if (window === undefined || sinceCount === undefined) return;
      window.published.delete(publicationKey(publication));
      window.unclaimed = Math.max(0, window.unclaimed - 1);
      if (sinceCount) window.unclaimedMax -= 1;
      tellOfRoom(window);
    },
    room: (queue) => windowRunsMax - (windows.get(queue)?.unclaimedMax ?? 0),
    holds: (queue, publication) => windows.get(queue)?.published.has(publicationKey(publication)) === true,
    inUse: () => [...windows.values()].some(({ unclaimedMax }) => unclaimedMax > 0),
    unclaimed: () => [...windows].map(([queue, { unclaimed }]) => [queue, unclaimed] as const),
  };
}

function take(window: QueueWindow, runs: readonly DueRun[], windowRunsMax: number): void {
  for (const run of runs) {
    window.published.delete(publicationKey(run)); // A repeat is the newest again.
    window.published.set(publicationKey(run), true);
  }
  window.unclaimed += runs.length;
  window.unclaimedMax += runs.length;
  // Those whose hints were lost: the store's count has known of them for long.
  for (const key of window.published.keys()) {
    if (window.published.size <= windowRunsMax) break;
    window.published.delete(key);
  }
}
