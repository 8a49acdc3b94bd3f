import type { Clock } from "../ports/clock.ts";
import type { Hold } from "../ports/lock.ts";

/** A granted lock, and how to extend it. */
export interface GrantedLock {
  readonly clock: Clock;
  /** How long it is valid, from before the request that grants or extends it. */
  readonly lifeMs: number;
  /** True: it is held for this long again. False: it is lost. Null: no answer. */
  readonly extend: () => Promise<boolean | null>;
  /** Never rejects: the lock ends by its time. */
  readonly release: () => Promise<void>;
}

/**
 * A hold whose time runs by the monotonic clock from before each request: it ends before the lock does, and neither a slow answer nor a pause
 * nor a clock that jumps lengthens it.
 */
export function createTimedHold({ clock, lifeMs, extend, release }: GrantedLock, askedAtMs: number): Hold {
  let validUntilMs = askedAtMs + lifeMs;
  let released = false;
  return {
    get validUntilMs() {
      return validUntilMs;
    },
    async extend() {
      if (released) return false;
      const extendedAtMs = clock.monotonicMs();
      const ours = await extend();
      if (released) {
        if (ours !== false) await release();
        return false;
      }
      if (ours === true) validUntilMs = extendedAtMs + lifeMs;
      // Without an answer the lock is held until its time is over, and is extended again before that.
      return ours !== false && clock.monotonicMs() < validUntilMs;
    },
    async release() {
      released = true;
      validUntilMs = Math.min(validUntilMs, clock.monotonicMs());
      await release();
    },
  };
}
