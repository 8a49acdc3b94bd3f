import type { Clock, Entropy } from "../ports/clock.ts";
import type { LeaseRows } from "../ports/store/lease-rows.ts";
import type { Lock } from "../ports/lock.ts";
import { createTimedHold } from "../runtime/timed-hold.ts";

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
export const createStoreLock = ({ leaders, clock, entropy }: StoreLockOptions): Lock => ({
  async acquire(name, ttlMs) {
    const owner = entropy.newToken();
    const askedAtMs = clock.monotonicMs();
    const take = (): Promise<boolean | null> => leaders.take({ name, owner, ttlMs }).catch(() => null);
    const release = (): Promise<void> => leaders.release({ name, owner }).catch(() => {});
    const taken = await take();
    // The store's lease begins later than the request, so it ends later than the holder assumes.
    const hold = createTimedHold({ clock, lifeMs: ttlMs, extend: take, release }, askedAtMs);
    if (taken === true && clock.monotonicMs() < hold.validUntilMs) return hold;
    // Without an answer, or with one that came too late, the lease may be ours all the same: no other holder should wait for its end.
    if (taken !== false) await release();
    return null;
  },
});
