import { computeLateness, type Lateness } from "./report/statistics.ts";

/** The wall clock counts whole milliseconds, so it is read at the very moment at which it counts one. */
function originOfMonotonicMs(): number {
  const before = Date.now();
  let now = before;
  while (now === before) now = Date.now();
  return now - performance.now();
}

const originMs = originOfMonotonicMs();
/** Wall-clock time with fractions of a millisecond. Calibrated once, so that it does not jump during a measurement. */
export const wallMs = (): number => originMs + performance.now();

/** What a handler under measurement writes down: when it started, and how late that was. Nothing is allocated on the way. */
export interface StartLog {
  /** Counts a start of what was due at `scheduledFor`, if that lies in the window. */
  started(scheduledFor: number): void;
  readonly count: number;
  /** Resolves when all that was expected has started. */
  readonly all: Promise<void>;
  lateness(): Lateness;
}

export interface Window {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly expected: number;
}

export function createStartLog({ from, to, expected }: Window): StartLog {
  // Room for what should never come: a run too many is counted too, and shows.
  const lateMs = new Float64Array(expected + 1_000);
  const { promise, resolve } = Promise.withResolvers<void>();
  let count = 0;
  return {
    started(scheduledFor) {
      if (scheduledFor < from || scheduledFor >= to) return;
      lateMs[count] = wallMs() - scheduledFor;
      count += 1;
      if (count === expected) resolve();
    },
    get count() {
      return count;
    },
    all: promise,
    lateness: () => computeLateness(lateMs.slice(0, count)),
  };
}
