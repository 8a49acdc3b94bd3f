import { backoffMs } from "../domain/time/backoff.ts";
import type { Clock, Timer } from "../ports/clock.ts";

/** Waits that double, and that can be cut short. */
export interface Backoff {
  /** Resolves true when it is time to try again, false when the wait was cut short. `failures`: those so far, from 1. */
  wait(failures: number): Promise<boolean>;
  /** Cuts short the waits under way. */
  cut(): void;
  /** Cuts short these and all that follow. */
  stop(): void;
}

export interface BackoffLimits {
  readonly firstMs: number;
  readonly maxMs: number;
}

export function createBackoff(clock: Pick<Clock, "setTimer">, { firstMs, maxMs }: BackoffLimits): Backoff {
  const waiting = new Map<(again: boolean) => void, Timer>();
  let stopped = false;

  function cut(): void {
    for (const [resolve, timer] of waiting) {
      timer.cancel();
      resolve(false);
    }
    waiting.clear();
  }
  return {
    wait(failures) {
      if (stopped) return Promise.resolve(false);
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const timer = clock.setTimer(backoffMs(failures, firstMs, maxMs), () => {
        waiting.delete(resolve);
        resolve(true);
      });
      waiting.set(resolve, timer);
      return promise;
    },
    cut,
    stop() {
      stopped = true;
      cut();
    },
  };
}
