/** Bounds how many threads compute at once. The others wait in the order in which they came. */
export interface ThreadSlots {
  /** Resolves when the slot is held; the result gives it back. Rejects with the signal's reason when it is aborted before. */
  take(signal: AbortSignal): Promise<() => void>;
}

export function createThreadSlots(slotsMax: number): ThreadSlots {
  const waiting = new Set<() => void>();
  let taken = 0;
  function release(): void {
    const [next] = waiting;
    if (next === undefined) taken -= 1;
    else next();
  }
  return {
    take(signal) {
      signal.throwIfAborted();
      if (taken < slotsMax) {
        taken += 1;
        return Promise.resolve(release);
      }
      const { promise, resolve, reject } = Promise.withResolvers<() => void>();
      function start(): void {
        leave();
        resolve(release);
      }
      function abort(): void {
        leave();
        reject(signal.reason as Error);
      }
      function leave(): void {
        waiting.delete(start);
        signal.removeEventListener("abort", abort);
      }
      waiting.add(start);
      signal.addEventListener("abort", abort, { once: true });
      return promise;
    },
  };
}
