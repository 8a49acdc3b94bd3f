import { createLoop } from "@tickline/shared/runtime/loop";
import type { Service } from "@tickline/shared/runtime/service";
import type { ShardListeners } from "../shard-context.ts";
import type { ShardContext } from "../shard-context.ts";

export interface WaitSweeper extends Service {
  /** Closes runs that wait for longer than `waitMaxMs`. Returns how many. */
  sweep(): Promise<number>;
}

/** A run that nobody can run ends with a reason, instead of waiting for ever. */
export function createWaitSweeper(context: ShardContext, { onPublishable, onEnded }: ShardListeners): WaitSweeper {
  const { dueRuns, shard, config, clock, log, leads, now, time: storeClock } = context;

  async function sweep(): Promise<number> {
    // By a clock that is ahead for a while all that waits would seem to have waited too long.
    if (!leads() || storeClock.steadyForMs() < config.retainAfterMs) return 0;
    const time = now();
    const closed = await dueRuns.closeWaiting({ shard, dueBefore: time - config.waitMaxMs, now: time, limit: config.wakeRunsMax });
    if (closed.length === 0) return 0;
    log.warn({ runs: closed.length, first: closed[0]?.runId }, "runs were closed that had waited too long for an executor");
    onEnded(closed);
    onPublishable(); // What waited for them to end.
    return closed.length;
  }
  const loop = createLoop({
    name: "wait-sweep",
    clock,
    log,
    runOnce: async () => ((await sweep()) >= config.wakeRunsMax ? 0 : config.waitSweepMs),
  });
  return { start: loop.start, stop: loop.stop, sweep };
}
