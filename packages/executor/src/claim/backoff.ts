import type { Clock, Timer } from "@tickline/shared/ports/clock";

/** Waits that double, and that `stop` cuts short. */
export interface Backoff {
  /** Resolves true when it is time to try again, false when stopped. */
  wait(failures: number): Promise<boolean>;
  stop(): void;
}

export interface BackoffLimits {
  readonly retryWriteMs: number;
  readonly retryWriteMsMax: number;
}

export function createBackoff(clock: Clock, { retryWriteMs, retryWriteMsMax }: BackoffLimits): Backoff {
  const waiting = new Map<(again: boolean) => void, Timer>();
  let stopped = false;
  return {
    wait(failures) {
      if (stopped) return Promise.resolve(false);
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const delayMs = Math.min(retryWriteMs * 2 ** (failures - 1), retryWriteMsMax);
      const timer = clock.setTimer(delayMs, () => {
        waiting.delete(resolve);
        resolve(true);
      });
      waiting.set(resolve, timer);
      return promise;
    },
    stop() {
      stopped = true;
      for (const [resolve, timer] of waiting) {
        timer.cancel();
        resolve(false);
      }
      waiting.clear();
    },
  };
}
