import type { Instant } from "../domain/instant.ts";
import type { Clock } from "../ports/clock.ts";

/** A clock that stands still until a test moves it; timers fire in order while it moves. */
export interface ManualClock extends Clock {
  /** Moves both the wall clock and the monotonic one, firing the timers passed on the way, in order. */
  advance(ms: number): void;
  /** Sets the wall clock alone, as a jump of the system's clock would. No timer fires. */
  jumpTo(instant: Instant): void;
  readonly timers: number;
}

export function manualClock(start: Instant): ManualClock {
  let wall = start;
  let monotonic = 0;
  const timers = new Set<{ readonly dueMs: number; readonly callback: () => void }>();
  return {
    now: () => wall,
    monotonicMs: () => monotonic,
    setTimer(delayMs, callback) {
      const timer = { dueMs: monotonic + Math.max(0, delayMs), callback };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    advance(ms) {
      const endMs = monotonic + ms;
      for (;;) {
        const [due] = [...timers].filter(({ dueMs }) => dueMs <= endMs).sort((left, right) => left.dueMs - right.dueMs);
        if (due === undefined) break;
        timers.delete(due);
        wall += due.dueMs - monotonic;
        monotonic = due.dueMs;
        due.callback();
      }
      wall += endMs - monotonic;
      monotonic = endMs;
    },
    jumpTo(instant) {
      wall = instant;
    },
    get timers() {
      return timers.size;
    },
  };
}
