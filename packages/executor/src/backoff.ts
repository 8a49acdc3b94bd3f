import type { Clock, Timer } from "@tickline/shared/ports/clock";

export interface BackoffLimits {
  readonly retryWriteMs: number;
  readonly retryWriteMsMax: number;
}

/** The wait before a write is tried again after so many failures: it doubles up to the maximum. */
export const retryWaitMs = ({ retryWriteMs, retryWriteMsMax }: BackoffLimits, failures: number): number =>
  Math.min(retryWriteMs * 2 ** (failures - 1), retryWriteMsMax);

/** Waits before retries. */
export interface Backoff {
  /** Resolves true when it is time to try again, false when stopped. */
  wait(failures: number): Promise<boolean>;
  /** Ends all waits. */
  stop(): void;
}

export function createBackoff(clock: Clock, limits: BackoffLimits): Backoff {
  const waiting = new Map<(again: boolean) => void, Timer>();
  let stopped = false;
  return {
    wait(failures) {
      if (stopped) return Promise.resolve(false);
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const timer = clock.setTimer(retryWaitMs(limits, failures), () => {
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
