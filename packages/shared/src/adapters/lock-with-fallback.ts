import type { Clock } from "../ports/clock.ts";
import type { Hold, Lock, LockServer } from "../ports/lock.ts";

export interface LockWithFallbackOptions {
  readonly server: LockServer;
  /** Asked while the server is away. */
  readonly fallback: Lock;
  readonly clock: Clock;
}

/**
 * A lock server, and leases in the store while it is away. Holders cross over at their next extension; others ask the
 * fall-back only when the server has been away for a whole lifetime of a lock, so that every hold it granted has ended or
 * crossed: a vanished holder is replaced within twice that time. When the server is back, holders cross back, and for one
 * such time a lock it grants counts only where nobody holds the lease. Two may hold at once where only one of them sees the
 * server away: a lock only saves work.
 * @public for services of several processes.
 */
export function lockWithFallback({ server, fallback, clock }: LockWithFallbackOptions): Lock {
  let awaySinceMs: number | null = null;
  let backSinceMs: number | null = null;

  /** Whether the server gave the answer just seen, or no answer was given. */
  function answered(): boolean {
    const answers = server.answers();
    if (answers && awaySinceMs !== null) backSinceMs = clock.monotonicMs();
    if (answers) awaySinceMs = null;
    else awaySinceMs ??= clock.monotonicMs();
    return answers;
  }
  /** Those who held leases while the server was away have not all crossed back, and the server does not know of them. */
  const maybeLeased = (ttlMs: number): boolean => backSinceMs !== null && clock.monotonicMs() - backSinceMs < ttlMs;

  return {
    async acquire(name, ttlMs) {
      const crossing = { server, fallback, clock, answered, name, ttlMs };
      const held = await server.acquire(name, ttlMs);
      if (!answered() && held === null) {
        if (awaySinceMs === null || clock.monotonicMs() - awaySinceMs < ttlMs) return null;
        const lease = await fallback.acquire(name, ttlMs);
        return lease && crossingHold(crossing, { held, lease });
      }
      if (held === null || !maybeLeased(ttlMs)) return held && crossingHold(crossing, { held, lease: null });
      const lease = await fallback.acquire(name, ttlMs);
      if (lease === null) await held.release();
      return lease && crossingHold(crossing, { held, lease });
    },
  };
}

interface Crossing extends LockWithFallbackOptions {
  readonly answered: () => boolean;
  readonly name: string;
  readonly ttlMs: number;
}

/** What is held of each side. The server's is kept while it is away: when it is back soon, it still knows us by it. */
interface HeldLeases {
  readonly held: Hold | null;
  readonly lease: Hold | null;
}

function crossingHold({ server, fallback, clock, answered, name, ttlMs }: Crossing, first: HeldLeases): Hold {
  let { held, lease } = first;
  let released = false;
  const validUntilMs = (): number => Math.max(held?.validUntilMs ?? 0, lease?.validUntilMs ?? 0);

  /** True: the lock is the server's, and ours. */
  async function extendAtServer(): Promise<boolean> {
    if (held !== null && (await held.extend())) return answered();
    if (held !== null && !answered()) return false;
    held = null;
    // Without a lease there was nothing but the server's word, and it said no.
    if (lease !== null) held = await server.acquire(name, ttlMs);
    return answered() && held !== null;
  }
  async function extendLease(): Promise<void> {
    if (lease === null) lease = await fallback.acquire(name, ttlMs);
    else if (!(await lease.extend())) lease = null;
  }
  async function dropLease(): Promise<void> {
    const dropped = lease;
    lease = null;
    await dropped?.release();
  }
  async function release(): Promise<void> {
    released = true;
    await Promise.all([held?.release(), lease?.release()]);
  }
  return {
    get validUntilMs() {
      return validUntilMs();
    },
    async extend() {
      if (released) return false;
      const ours = await extendAtServer();
      if (server.answers()) await dropLease();
      else await extendLease();
      if (released) await release(); // What came in meanwhile, too.
      return !released && (ours || (!server.answers() && clock.monotonicMs() < validUntilMs()));
    },
    release,
  };
}
