import Redlock, { ExecutionError, ResourceLockedError, type Lock as Redlocked } from "redlock";
import type { Clock } from "../../ports/clock.ts";
import type { LockServer } from "../../ports/lock.ts";
import type { Logger } from "../../runtime/log/logger.ts";
import { createTimedHold, type GrantedLock } from "../../runtime/timed-hold.ts";
import { openRedisClient } from "./redis-client.ts";

export interface RedisLockOptions {
  /** `redis://user:password@host:6379/0`, or `rediss://` with TLS. Two installations on one server need databases of their own. */
  readonly url: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long Redis may take to answer; a refusal without one comes within twice this time. Default 500 ms. */
  readonly answerMs?: number;
}

/** What clocks may differ by over the life of a lock, and two milliseconds for Redis's own rounding: redlock's own figures. */
const DRIFT_OF_TTL = 0.01;
const DRIFT_MS = 2;

/** Locks in Redis. Never rejects because Redis is unavailable: then no lock is granted. */
export async function openRedisLock({ url, clock, log, answerMs = 500 }: RedisLockOptions): Promise<LockServer> {
  const client = await openRedisClient({ url, log, answerMs });
  const redlock = new Redlock([client], { retryCount: 0 });
  let answered = client.status === "ready";

  async function ask(request: () => Promise<Redlocked>): Promise<Answer> {
    try {
      const lock = await request();
      answered = true;
      return lock;
    } catch (fault) {
      answered = await wasRefused(fault);
      return answered ? "refused" : "silence";
    }
  }
  /** How a granted lock is kept: redlock makes another object with each extension. */
  function keeping(first: Redlocked, ttlMs: number): GrantedLock {
    let lock = first;
    return {
      clock,
      lifeMs: ttlMs - Math.round(DRIFT_OF_TTL * ttlMs) - DRIFT_MS,
      async extend() {
        lock.expiration = Number.POSITIVE_INFINITY; // Redis knows whether it is still ours; the wall clock here does not.
        const answer = await ask(() => redlock.extend(lock, ttlMs));
        if (typeof answer === "object") lock = answer;
        return typeof answer === "object" ? true : answer === "refused" ? false : null;
      },
      async release() {
        await redlock.release(lock).catch(() => undefined); // It ends by itself.
      },
    };
  }
  return {
    async acquire(name, ttlMs) {
      const askedAtMs = clock.monotonicMs();
      const lock = await ask(() => redlock.acquire([name], ttlMs));
      if (typeof lock !== "object") return null;
      const hold = createTimedHold(keeping(lock, ttlMs), askedAtMs);
      if (clock.monotonicMs() < hold.validUntilMs) return hold;
      await hold.release(); // The answer came when its time was over.
      return null;
    },
    answers: () => answered,
    async close() {
      client.disconnect();
    },
  };
}

/** `refused`: Redis says that it is not ours. `silence`: it does not answer, or nothing that means anything. */
type Answer = Redlocked | "refused" | "silence";

/** True: Redis itself said no. */
async function wasRefused(fault: unknown): Promise<boolean> {
  if (!(fault instanceof ExecutionError)) return false;
  const attempts = await Promise.all(fault.attempts);
  return attempts.some(({ votesAgainst }) => [...votesAgainst.values()].some((vote) => vote instanceof ResourceLockedError));
}
