import type { Clock } from "@tickline/shared/ports/clock";

/** True if the promise settles within that time. It goes on afterwards: nothing here can end it. */
export function settledWithin(clock: Clock, waitMs: number, promise: Promise<unknown>): Promise<boolean> {
  const { promise: decided, resolve } = Promise.withResolvers<boolean>();
  const timer = clock.setTimer(waitMs, () => resolve(false));
  const settled = (): void => {
    timer.cancel();
    resolve(true);
  };
  promise.then(settled, settled);
  return decided;
}
