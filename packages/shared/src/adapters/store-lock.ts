import type { Clock, Entropy } from "../ports/clock.ts";
import type { LeaseRows } from "../ports/lease-rows.ts";
import type { Hold, Lock } from "../ports/lock.ts";

export interface StoreLockOptions {
  readonly leaders: LeaseRows;
  readonly clock: Clock;
  readonly entropy: Pick<Entropy, "newToken">;
}

/**
 * A lock made of leases in the store: what leadership falls back on when there is no lock server. Each hold is an owner
 * of its own, so that a holder that lost it cannot extend or release what it acquired anew.
 * @public for services of several processes; the one process needs no lock but its own.
 */
export function createStoreLock({ leaders, clock, entropy }: StoreLockOptions): Lock {
  return {
    async acquire(name, ttlMs) {
      const owner = entropy.newToken();
      const askedAtMs = clock.monotonicMs();
      const taken = await leaders.take({ name, owner, ttlMs }).catch(() => null);
      const validUntilMs = askedAtMs + ttlMs;
      if (taken === true && clock.monotonicMs() < validUntilMs) return createHold({ leaders, clock, name, owner, ttlMs }, validUntilMs);
      // Without an answer, or with one that came too late, the lease may be ours all the same: nobody should wait for its end.
      if (taken !== false) await giveUp(leaders, { name, owner });
      return null;
    },
  };
}

interface Held extends Omit<StoreLockOptions, "entropy"> {
  readonly name: string;
  readonly owner: string;
  readonly ttlMs: number;
}

function createHold({ leaders, clock, name, owner, ttlMs }: Held, firstUntilMs: number): Hold {
  let validUntilMs = firstUntilMs;
  let released = false;
  return {
    get validUntilMs() {
      return validUntilMs;
    },
    async extend() {
      if (released) return false;
      // From before the request: the store's lease begins later, so it ends later than what the holder believes.
      const askedAtMs = clock.monotonicMs();
      const taken = await leaders.take({ name, owner, ttlMs }).catch(() => null);
      if (released) {
        if (taken !== false) await giveUp(leaders, { name, owner });
        return false;
      }
      if (taken === true) validUntilMs = askedAtMs + ttlMs;
      // No answer says nothing: the lease stands until its time is over, and is asked for again before that.
      return taken ?? clock.monotonicMs() < validUntilMs;
    },
    async release() {
      released = true;
      validUntilMs = Math.min(validUntilMs, clock.monotonicMs());
      await giveUp(leaders, { name, owner });
    },
  };
}

/** A release that fails costs time only: the lease ends by itself. */
const giveUp = (leaders: LeaseRows, lease: { name: string; owner: string }): Promise<void> => leaders.release(lease).catch(() => {});
