import type { Instant } from "../domain/time/instant.ts";
import type { Clock } from "../ports/clock.ts";

/** A clock that stands still until a test moves it; timers fire in order while it moves. */
export interface ManualClock extends Clock {
  /** Moves both the wall clock and the monotonic one, firing the timers passed on the way, in order. */
  advance(ms: number): void;
  /** Moves both clocks as while the process is stopped: the timers that passed fire when it continues, with the next `advance`. */
  standStill(ms: number): void;
  /** Sets the wall clock alone, as a jump of the system's clock would. No timer fires. */
  jumpTo(instant: Instant): void;
  /** How many timers wait. */
  readonly timers: number;
}

interface ManualTimer {
  readonly dueMs: number;
  readonly callback: () => void;
}

export function manualClock(start: Instant): ManualClock {
  let wall = start;
  let monotonic = 0;
  const timers = new Set<ManualTimer>(); // In the order they were set, which is also the order of timers with the same time.

  function earliest(endMs: number): ManualTimer | null {
    let first: ManualTimer | null = null;
    for (const timer of timers) if (timer.dueMs <= endMs && (first === null || timer.dueMs < first.dueMs)) first = timer;
    return first;
  }
  /** A timer that passed while the process was stopped fires late, and takes no time. */
  function pass(ms: number): void {
    wall += Math.max(0, ms);
    monotonic += Math.max(0, ms);
  }
  return {
    now: () => Math.floor(wall), // Whole milliseconds, like the system's: timers may pass between two.
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
        pass(due.dueMs - monotonic);
        due.callback();
      }
      pass(endMs - monotonic);
    },
    standStill: pass,
    jumpTo(instant) {
      wall = instant;
    },
    get timers() {
      return timers.size;
    },
  };
}
