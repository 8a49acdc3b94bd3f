import type { Clock, Timer } from "../../ports/clock.ts";

/** `setTimeout` beyond this fires at once, so longer waits are cut into parts. */
const TIMEOUT_MS_MAX = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer(delayMs, callback) {
    let timer = arm(delayMs, callback, (next) => (timer = next));
    const handle: Timer = { cancel: () => clearTimeout(timer) };
    return handle;
  },
};

function arm(delayMs: number, callback: () => void, rearmed: (timer: NodeJS.Timeout) => void): NodeJS.Timeout {
  const rest = delayMs - TIMEOUT_MS_MAX;
  const timer =
    rest > 0 ? setTimeout(() => rearmed(arm(rest, callback, rearmed)), TIMEOUT_MS_MAX) : setTimeout(callback, Math.max(0, delayMs));
  return timer.unref();
}
