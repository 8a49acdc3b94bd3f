import type { Clock } from "../ports/clock.ts";
import type { Hold, Lock, LockServer } from "../ports/lock.ts";

export interface LockWithFallbackOptions {
  readonly server: LockServer;
  /** Used while the server is unavailable. */
  readonly fallback: Lock;
  readonly clock: Clock;
}

/**
 * A lock server, and leases in the store while it is unavailable. Holders switch to the lease at their next extension. Others ask
 * the fallback only when the server has been unavailable for a whole lifetime of a lock: every hold it granted has then ended or
 * switched. A crashed holder is replaced within twice that time. When the server is back, holders switch back. For one more lifetime
 * a lock of the server counts only if no other process holds the lease. Two may hold at once if only one of them finds the server
 * unavailable: a lock only saves work.
 * @public for services of several processes.
 */
export function lockWithFallback({ server, fallback, clock }: LockWithFallbackOptions): Lock {
  let unavailableSinceMs: number | null = null;
  let availableSinceMs: number | null = null;

  /** True: the server answered the latest call. False: it did not. */
  function answered(): boolean {
    const answers = server.answers();
    if (answers && unavailableSinceMs !== null) availableSinceMs = clock.monotonicMs();
    if (answers) unavailableSinceMs = null;
    else unavailableSinceMs ??= clock.monotonicMs();
    return answers;
  }
  /** True while a holder of a lease may not have switched back yet: the server does not know of it. */
  const maybeLeased = (ttlMs: number): boolean => availableSinceMs !== null && clock.monotonicMs() - availableSinceMs < ttlMs;

  return {
    async acquire(name, ttlMs) {
      const switching = { server, fallback, clock, answered, name, ttlMs };
      const held = await server.acquire(name, ttlMs);
      if (!answered() && held === null) {
        if (unavailableSinceMs === null || clock.monotonicMs() - unavailableSinceMs < ttlMs) return null;
        const lease = await fallback.acquire(name, ttlMs);
        return lease && switchingHold(switching, { held, lease });
      }
      if (held === null || !maybeLeased(ttlMs)) return held && switchingHold(switching, { held, lease: null });
      const lease = await fallback.acquire(name, ttlMs);
      if (lease === null) await held.release();
      return lease && switchingHold(switching, { held, lease });
    },
  };
}

interface Switching extends LockWithFallbackOptions {
  readonly answered: () => boolean;
  readonly name: string;
  readonly ttlMs: number;
}

/** The lock of the server and the lease of the fallback. The lock is kept while the server is unavailable: if it is back soon, the lock still counts. */
interface Holds {
  readonly held: Hold | null;
  readonly lease: Hold | null;
}

function switchingHold({ server, fallback, clock, answered, name, ttlMs }: Switching, first: Holds): Hold {
  let { held, lease } = first;
  let released = false;
  const validUntilMs = (): number => Math.max(held?.validUntilMs ?? 0, lease?.validUntilMs ?? 0);

  /** True: the server granted the lock to this process. */
  async function extendAtServer(): Promise<boolean> {
    if (held !== null && (await held.extend())) return answered();
    if (held !== null && !answered()) return false;
    held = null;
    // Without a lease only the answer of the server counts, and it refused.
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
      if (released) await release(); // Also what was acquired meanwhile.
      return !released && (ours || (!server.answers() && clock.monotonicMs() < validUntilMs()));
    },
    release,
  };
}
