import type { Hold } from "@tickline/shared/ports/lock";
import type { Lock } from "@tickline/shared/ports/lock";
import type { Clock } from "@tickline/shared/ports/clock";
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
}

/** Holds a lock, extends it at a third of its life, and runs a service for as long as it is ours. */
export function createLeadership({ name, lock, clock, log, ttlMs, fit, lead, onChange }: LeadershipOptions): Leadership {
  let hold: Hold | null = null;

  async function acquire(): Promise<void> {
    if (!fit()) return;
    hold = await lock.acquire(name, ttlMs);
    if (hold === null) return;
    log.info({ lock: name }, "leading");
    onChange(true);
    await lead.start();
  }
  async function resign(reason: string): Promise<void> {
    const lost = hold;
    if (lost === null) return;
    hold = null;
    onChange(false);
    log.info({ lock: name, reason }, "no longer leading");
    await lead.stop();
    await lost.release();
  }
  async function keep(): Promise<number> {
    if (hold === null) await acquire();
    else if (!fit()) await resign("the store's clock jumps");
    else if (!(await hold.extend())) await resign("the lock was lost");
    return ttlMs / 3;
  }
  const loop = createLoop({ name: `lead ${name}`, clock, log, runOnce: keep });
  return {
    start: loop.start,
    async stop() {
      await loop.stop();
      await resign("stopping");
    },
    leads: () => hold !== null && clock.monotonicMs() < hold.validUntilMs,
  };
}
