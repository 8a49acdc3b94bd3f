import { createFifo } from "@tickline/shared/domain/fifo";

/** Bounds what runs at once. */
export interface Slots {
  /** Runs the work when a slot is free, in the order of the calls. Rejects with the reason of the signal if that is aborted before. */
  run<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result>;
}

export function createSlots(slotsMax: number): Slots {
  let free = slotsMax;
  const waiting = createFifo<Waiting>();

  function release(): void {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (next.start()) return; // It has the slot.
    }
    free += 1;
  }
  return {
    async run(signal, work) {
      signal.throwIfAborted();
      if (free > 0) free -= 1;
      else await waitForStart(signal, (entry) => waiting.add(entry));
      try {
        return await work();
      } finally {
        release();
      }
    },
  };
}

interface Waiting {
  /** False: it no longer wants the slot. */
  start(): boolean;
}

function waitForStart(signal: AbortSignal, add: (entry: Waiting) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
    add({
      start() {
        signal.removeEventListener("abort", onAbort);
        if (signal.aborted) return false;
        resolve();
        return true;
      },
    });
  });
}
