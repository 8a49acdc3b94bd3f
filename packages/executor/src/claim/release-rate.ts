import type { Clock } from "@tickline/shared/ports/clock";
import type { WorkerPool } from "./worker-pool.ts";

/** Whether workers of a queue become free so fast that a due job should wait for one, instead of being published. */
export interface ReleaseRate {
  /** To be called while workers become free, at most once a turn of the event loop. */
  sample(): void;
  /**
   * True until no worker has been free for the queue for 100 ms. After that, true while half of the workers that it holds became free within the last
   * 100 ms.
   */
  readonly fast: boolean;
}

const WINDOW_MS = 100;

export function createReleaseRate(clock: Clock, pool: WorkerPool, queue: string): ReleaseRate {
  const count = () => ({ atMs: clock.monotonicMs(), released: pool.released(queue) });
  let older = count();
  let newer = older;
  let fullSinceMs: number | null = null;

  function isFastSince({ atMs, released }: ReturnType<typeof count>): boolean {
    return clock.monotonicMs() - atMs <= WINDOW_MS && pool.released(queue) - released >= Math.max(1, pool.held(queue) / 2);
  }
  return {
    sample() {
      if (pool.free(queue) > 0) fullSinceMs = null;
      if (clock.monotonicMs() - newer.atMs < WINDOW_MS / 2) return;
      older = newer;
      newer = count();
    },
    get fast() {
      // The rate of a queue that has only just taken its last worker, as at the start of a burst, is not known yet.
      fullSinceMs = pool.free(queue) > 0 ? null : (fullSinceMs ?? clock.monotonicMs());
      if (fullSinceMs === null || clock.monotonicMs() - fullSinceMs < WINDOW_MS) return true;
      return isFastSince(newer) || isFastSince(older);
    },
  };
}
