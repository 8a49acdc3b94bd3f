import type { Instant } from "../domain/instant.ts";
import type { Clock } from "../ports/clock.ts";

/** A clock that stands still until a test moves it; timers fire in order while it moves. */
export interface ManualClock extends Clock {
  /** Moves both the wall clock and the monotonic one, firing the timers passed on the way, in order. */
  advance(ms: number): void;
  /** Sets the wall clock alone, as a jump of the system's clock would. No timer fires. */
  jumpTo(instant: Instant): void;
  /** How many wait. */
  readonly timers: number;
}

interface ManualTimer {
  readonly dueMs: number;
  readonly callback: () => void;
}

export function manualClock(start: Instant): ManualClock {
  let wall = start;
  let monotonic = 0;
  const timers = new Set<ManualTimer>(); // In the order they were set, which is theirs too when due at once.

  function earliest(endMs: number): ManualTimer | null {
    let first: ManualTimer | null = null;
    for (const timer of timers) if (timer.dueMs <= endMs && (first === null || timer.dueMs < first.dueMs)) first = timer;
    return first;
  }
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
      for (let due = earliest(endMs); due !== null; due = earliest(endMs)) {
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
