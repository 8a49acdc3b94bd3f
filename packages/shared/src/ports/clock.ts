import type { Instant } from "../domain/time/instant.ts";

/** A timer that has been set; cancelling one that has fired, or twice, does nothing. */
export interface Timer {
  cancel(): void;
}

/** Time for the shells. No other code reads a clock. */
export interface Clock {
  /** Wall-clock time, in UTC. May jump. */
  now(): Instant;
  /** Milliseconds since some fixed moment; never jumps. For durations, leases and deadlines. */
  monotonicMs(): number;
  /** Calls back once after `delayMs` (0 and less: as soon as possible; any length, also above 2^31 ms). Does not keep the process alive. */
  setTimer(delayMs: number, callback: () => void): Timer;
}

/** Ids and random values, injected like time. */
export interface Entropy {
  /** A UUID of version 7: sorts by time of creation. */
  newId(): string;
  /** A random token that cannot be guessed, 22 characters. */
  newToken(): string;
  /** [0, 1) */
  random(): number;
}
