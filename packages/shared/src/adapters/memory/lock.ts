import type { Clock } from "../../ports/clock.ts";
import type { Hold, Lock } from "../../ports/lock.ts";
import { createTimedHold } from "../../runtime/timed-hold.ts";

export interface MemoryLockOptions {
  readonly clock: Clock;
  /** `honest`: one holder at a time. The others are what a lock server may do at its worst. Default `honest`. */
  readonly answer?: "honest" | "all" | "none";
}

/** A lock inside one process, or for tests the worst lock there can be. */
export function createMemoryLock({ clock, answer = "honest" }: MemoryLockOptions): Lock {
  const holders = new Map<string, Hold>();

  const heldByAnother = (name: string, hold: Hold | null): boolean => {
    const holder = holders.get(name);
    return answer === "honest" && holder !== undefined && holder !== hold && clock.monotonicMs() < holder.validUntilMs;
  };
  function grant(name: string, lifeMs: number): Hold {
    const hold = createTimedHold(
      {
        clock,
        lifeMs,
        async extend() {
          if (heldByAnother(name, hold)) return false;
          holders.set(name, hold);
          return true;
        },
        async release() {
          if (holders.get(name) === hold) holders.delete(name);
        },
      },
      clock.monotonicMs(),
    );
    holders.set(name, hold);
    return hold;
  }
  return {
    acquire: async (name, ttlMs) => (answer === "none" || heldByAnother(name, null) ? null : grant(name, ttlMs)),
  };
}
