import type { StoreClock } from "@tickline/shared/runtime/store-clock";

/** Whether the store's clock is one to decide by, kept up: it is asked for every run that is claimed. */
export interface ClockTrust {
  readonly trusted: boolean;
  start(): void;
  stop(): void;
}

/** `onChange` is called when the trust begins or ends. */
export function createClockTrust(time: Pick<StoreClock, "doubt" | "watch">, onChange: () => void): ClockTrust {
  let trusted = false;
  let unwatch = (): void => {};
  return {
    get trusted() {
      return trusted;
    },
    start() {
      trusted = time.doubt() === null;
      unwatch = time.watch(() => {
        trusted = time.doubt() === null;
        onChange();
      });
    },
    stop: () => unwatch(),
  };
}
