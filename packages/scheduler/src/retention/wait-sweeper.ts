import { createLoop } from "@tickline/shared/runtime/service/loop";
import type { Service } from "@tickline/shared/runtime/service/service";
import type { ShardContext, ShardListeners } from "../shard-context.ts";

export interface WaitSweeper extends Service {
  /** Closes runs that wait for longer than `waitMaxMs`. Returns how many. */
  sweep(): Promise<number>;
}

/** Ends runs that no executor can run, with a reason, so that none waits for ever. */
export function createWaitSweeper(context: ShardContext, { onPublishable, onEnded }: ShardListeners): WaitSweeper {
  const { dueRuns, shard, config, clock, log, leads, now, time } = context;

  async function sweep(): Promise<number> {
    // By a clock that is ahead for a while, all waiting runs would seem to have waited too long.
    if (!leads() || time.steadyForMs() < config.retainAfterMs) return 0;
    const at = now();
    const closed = await dueRuns.closeWaiting({ shard, dueBefore: at - config.waitMaxMs, now: at, limit: config.wakeRunsMax });
    if (closed.length === 0) return 0;
    log.warn({ runs: closed.length, first: closed[0]?.runId }, "runs that waited too long were closed");
    onEnded(closed);
    onPublishable(); // Runs that waited for their end.
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
