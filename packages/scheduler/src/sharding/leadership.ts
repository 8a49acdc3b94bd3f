import type { Hold, Lock } from "@tickline/shared/ports/lock";
import type { Clock } from "@tickline/shared/ports/clock";
import { createLifecycle } from "@tickline/shared/runtime/service/lifecycle";
import { createLoop } from "@tickline/shared/runtime/service/loop";
import type { Logger } from "@tickline/shared/runtime/log/logger";
import type { Service } from "@tickline/shared/runtime/service/service";

export interface LeadershipOptions {
  readonly name: string;
  readonly lock: Lock;
  readonly clock: Clock;
  readonly log: Logger;
  readonly ttlMs: number;
  /** False: do not lead for now, even if the lock is free (the clock jumps). */
  readonly mayLead: () => boolean;
  /** Runs while the lock is held: started after each acquisition, stopped after each loss. */
  readonly service: Service;
  readonly onChange: (leading: boolean) => void;
}

export interface Leadership extends Service {
  /** True until shortly before the lock could be granted to another scheduler, by the monotonic clock. */
  leads(): boolean;
  /** True from the grant until the lock is lost or released, also in the moments when that is uncertain. */
  held(): boolean;
  /** Asks for the lock once, unless it is held or leading is not allowed now. True: this process leads from now on. */
  ask(): Promise<boolean>;
  /** True: no scheduler held the lock at this moment. It is released at once. */
  isFree(): Promise<boolean>;
  resign(reason: string): Promise<void>;
}

/** Holds a lock once it was asked for, extends it each third of its life, and runs a service for as long as it is held. */
export function createLeadership({ name, lock, clock, log, ttlMs, mayLead, service, onChange }: LeadershipOptions): Leadership {
  let hold: Hold | null = null;
  let running = false;
  // The lock may be lost while the service still starts.
  const led = createLifecycle(service);
  async function acquire(): Promise<Hold | null> {
    return running && hold === null && mayLead() ? lock.acquire(name, ttlMs) : null;
  }
  async function ask(): Promise<boolean> {
    const granted = await acquire();
    if (granted === null || !running) {
      await granted?.release();
      return false;
    }
    hold = granted;
    log.info({ lock: name }, "leading");
    onChange(true);
    loop.wake();
    try {
      await led.start();
    } catch (fault) {
      await resign("its services did not start");
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
    if (!mayLead()) await resign("the store's clock jumps");
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
    isFree: async () => releaseGranted(await acquire()),
    resign,
  };
}

/** Releases a lock at once. True: it was granted. */
async function releaseGranted(hold: Hold | null): Promise<boolean> {
  await hold?.release();
  return hold !== null;
}
