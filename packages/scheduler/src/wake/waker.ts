import type { Instant } from "@tickline/shared/domain/time/instant";
import { createLoop } from "@tickline/shared/runtime/service/loop";
import type { Service } from "@tickline/shared/runtime/service/service";
import type { ShardContext, ShardListeners } from "../shard-context.ts";

export interface Waker extends Service {
  /** Wakes the runs that are due to be woken. Returns how long to wait for the next, in milliseconds. */
  wakeRuns(): Promise<number>;
  /** A hint that a run has to be woken at this time, which may be before the next poll. */
  at(wakeAt: Instant): void;
}

/** Wakes retries that come due, runs past their expiry, and runs to be published again. No consumer has to sleep for them. */
export function createWaker(context: ShardContext, { onPublishable, onEnded }: ShardListeners): Waker {
  const { dueRuns, shard, config, clock, log, metrics, leads, now } = context;
  let hinted: Instant | null = null;

  async function wakeRuns(): Promise<number> {
    if (!leads()) return config.wakePollMs;
    hinted = null;
    const { ready, ended, nextWakeAt, more } = await dueRuns.wake({ shard, now: now(), limit: config.wakeRunsMax });
    if (ready > 0) metrics.woken.inc(ready);
    if (ready > 0) onPublishable();
    if (ended.length > 0) onEnded(ended);
    if (more) return 0;
    const next = Math.min(nextWakeAt ?? Number.POSITIVE_INFINITY, hinted ?? Number.POSITIVE_INFINITY);
    return Math.min(Math.max(1, next - now()), config.wakePollMs);
  }
  const loop = createLoop({ name: "wake", clock, log, runOnce: wakeRuns });
  let timer: { cancel(): void } | null = null;
  return {
    start: loop.start,
    async stop() {
      timer?.cancel();
      await loop.stop();
    },
    wakeRuns,
    at(wakeAt) {
      const inMs = wakeAt - now();
      // Later ones are found by a poll in time.
      if (inMs >= config.wakePollMs || (hinted !== null && hinted <= wakeAt)) return;
      hinted = wakeAt;
      timer?.cancel();
      timer = clock.setTimer(inMs, loop.wake);
    },
  };
}
