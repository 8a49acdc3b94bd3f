import type { Hold, Lock } from "@tickline/shared/ports/lock";
import type { Clock } from "@tickline/shared/ports/clock";
import { createLifecycle } from "@tickline/shared/runtime/lifecycle";
import { createLoop } from "@tickline/shared/runtime/loop";
import type { Logger } from "@tickline/shared/runtime/logger";
import type { Service } from "@tickline/shared/runtime/service";

export interface LeadershipOptions {
  readonly name: string;
  readonly lock: Lock;
  readonly clock: Clock;
  readonly log: Logger;
  readonly ttlMs: number;
  /** False: do not lead for now, even if the lock is free (the clock jumps). */
  readonly fit: () => boolean;
  /** What to run while leading. Started after each acquisition, stopped after each loss. */
  readonly lead: Service;
  readonly onChange: (leading: boolean) => void;
}

export interface Leadership extends Service {
  /** True until shortly before the lock could be granted to another, on the monotonic clock. */
  leads(): boolean;
  /** True from the grant until it is lost or given up, also in the moments when it is uncertain. */
  held(): boolean;
  /** Asks for the lock once, if it is free to be led. True: we lead now. */
  ask(): Promise<boolean>;
  /** True: nobody held the lock at this moment. It is given back at once. */
  isFree(): Promise<boolean>;
  resign(reason: string): Promise<void>;
}

/** Holds a lock once it was asked for, extends it at a third of its life, and runs a service for as long as it is ours. */
export function createLeadership({ name, lock, clock, log, ttlMs, fit, lead, onChange }: LeadershipOptions): Leadership {
  let hold: Hold | null = null;
  let running = false;
  // One may lose the lock while what it leads still starts.
  const led = createLifecycle(lead);

  async function acquire(): Promise<Hold | null> {
    return running && hold === null && fit() ? lock.acquire(name, ttlMs) : null;
  }
  async function ask(): Promise<boolean> {
    const granted = await acquire();
    if (granted === null || !running) return giveBack(granted, false);
    hold = granted;
    log.info({ lock: name }, "leading");
    onChange(true);
    loop.wake();
    try {
      await led.start();
    } catch (fault) {
      await resign("it could not be taken up");
      throw fault;
    }
    return true;
  }
  async function resign(reason: string): Promise<void> {
    const lost = hold;
    if (lost === null) return;
    hold = null;
    onChange(false);
    log.info({ lock: name, reason }, "no longer leading");
    await led.stop();
    await lost.release();
  }
  async function keep(): Promise<number | null> {
    const kept = hold;
    if (kept === null) return null;
    if (!fit()) await resign("the store's clock jumps");
    else if (!(await kept.extend()) && kept === hold) await resign("the lock was lost");
    return ttlMs / 3;
  }
  const loop = createLoop({ name: `lead ${name}`, clock, log, runOnce: keep });
  return {
    start() {
      running = true;
      return loop.start();
    },
    async stop() {
      running = false;
      await loop.stop();
      await resign("stopping");
    },
    leads: () => hold !== null && clock.monotonicMs() < hold.validUntilMs,
    held: () => hold !== null,
    ask,
    isFree: () => acquire().then((granted) => giveBack(granted, granted !== null)),
    resign,
  };
}

async function giveBack<Answer>(hold: Hold | null, answer: Answer): Promise<Answer> {
  await hold?.release();
  return answer;
}
