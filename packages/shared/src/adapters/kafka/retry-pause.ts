import type { Clock } from "../../ports/clock.ts";

/** Wait before something is tried again: it doubles with each try from the first to the last. */
const RETRY_MS_MIN = 50;
const RETRY_MS_MAX = 5_000;

/** One wait at a time, that can be ended. */
export interface RetryPause {
  /** `tries`: those that have failed so far. */
  wait(tries: number): Promise<void>;
  end(): void;
}

export function createRetryPause(clock: Clock): RetryPause {
  let end = (): void => undefined;
  return {
    async wait(tries) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = clock.setTimer(Math.min(RETRY_MS_MIN * 2 ** (tries - 1), RETRY_MS_MAX), resolve);
      end = resolve;
      await promise;
      timer.cancel();
    },
    end: () => end(),
  };
}
