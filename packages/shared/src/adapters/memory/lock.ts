import type { Clock } from "../../ports/clock.ts";
import type { Hold, Lock } from "../../ports/lock.ts";

export interface MemoryLockOptions {
  readonly clock: Clock;
  /** `honest`: one holder at a time. The others are what a lock server may do at its worst. Default `honest`. */
  readonly answer?: "honest" | "everybody" | "nobody";
}

/** A lock inside one process, or for tests the worst lock there can be. */
export function createMemoryLock({ clock, answer = "honest" }: MemoryLockOptions): Lock {
  const holders = new Map<string, Hold>();

  const heldByAnother = (name: string, hold: Hold | null): boolean => {
    const holder = holders.get(name);
    return answer === "honest" && holder !== undefined && holder !== hold && clock.monotonicMs() < holder.validUntilMs;
  };
  function grant(name: string, ttlMs: number): Hold {
    let validUntilMs = clock.monotonicMs() + ttlMs;
    let released = false;
    const hold: Hold = {
      get validUntilMs() {
        return validUntilMs;
      },
      extend() {
        if (released || heldByAnother(name, hold)) return Promise.resolve(false);
        validUntilMs = clock.monotonicMs() + ttlMs;
        holders.set(name, hold);
        return Promise.resolve(true);
      },
      release() {
        released = true;
        validUntilMs = Math.min(validUntilMs, clock.monotonicMs());
        if (holders.get(name) === hold) holders.delete(name);
        return Promise.resolve();
      },
    };
    holders.set(name, hold);
    return hold;
  }
  return {
    acquire: (name, ttlMs) => Promise.resolve(answer === "nobody" || heldByAnother(name, null) ? null : grant(name, ttlMs)),
  };
}
