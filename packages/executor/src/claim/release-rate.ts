import type { Clock } from "@tickline/shared/ports/clock";
import type { WorkerPool } from "./worker-pool.ts";

/** Whether the workers of a queue get free so fast that a due job had better wait for one than be offered on the bus. */
export interface Turnover {
  /** To be called while workers get free, at most once a turn of the event loop. */
  look(): void;
  /** True until no worker has been free for the queue for 100 ms, and then while half of those it holds got free within the last 100 ms. */
  readonly fast: boolean;
}

const WINDOW_MS = 100;

export function createTurnover(clock: Clock, pool: WorkerPool, queue: string): Turnover {
  const sample = () => ({ atMs: clock.monotonicMs(), released: pool.releasedOf(queue) });
  let older = sample();
  let newer = older;
  let fullSinceMs: number | null = null;

  function fastSince({ atMs, released }: ReturnType<typeof sample>): boolean {
    return clock.monotonicMs() - atMs <= WINDOW_MS && pool.releasedOf(queue) - released >= Math.max(1, pool.busyOf(queue) / 2);
  }
  return {
    look() {
      if (pool.free(queue) > 0) fullSinceMs = null;
      if (clock.monotonicMs() - newer.atMs < WINDOW_MS / 2) return;
      older = newer;
      newer = sample();
    },
    get fast() {
      // A queue that has only just taken its last worker, as in the first moment of a burst, has told nothing yet: it gets its chance.
      fullSinceMs = pool.free(queue) > 0 ? null : (fullSinceMs ?? clock.monotonicMs());
      if (fullSinceMs === null || clock.monotonicMs() - fullSinceMs < WINDOW_MS) return true;
      return fastSince(newer) || fastSince(older);
    },
  };
}
