/** Counts workers: slots for handlers that run at once, all on one thread. */
export interface WorkerPool {
  readonly free: number;
  readonly busy: number;
  /** Workers that became free, ever. */
  readonly released: number;
  /** Takes as many of `count` as are free, and says how many. */
  reserve(count: number): number;
  release(count: number): void;
}

export interface WorkerPoolOptions {
  readonly workersMax: number;
  /** Called when workers became free, or the last free one was taken. */
  readonly onChange: () => void;
}

export function createWorkerPool({ workersMax, onChange }: WorkerPoolOptions): WorkerPool {
  let busy = 0;
  let released = 0;
  return {
    get free() {
      return workersMax - busy;
    },
    get busy() {
      return busy;
    },
    get released() {
      return released;
    },
    reserve(count) {
      const reserved = Math.min(count, workersMax - busy);
      busy += reserved;
      if (reserved > 0 && busy === workersMax) onChange();
      return reserved;
    },
    release(count) {
      if (count === 0) return;
      busy -= count;
      released += count;
      onChange();
    },
  };
}
