import type { Instant } from "@tickline/shared/domain/time/instant";
import { createLoop } from "@tickline/shared/runtime/service/loop";
import type { Service } from "@tickline/shared/runtime/service/service";
import type { ShardContext } from "../shard-context.ts";

export interface Retainer extends Service {
  /** Deletes one bounded batch of rows past their retention. Returns true if there is more. */
  sweep(): Promise<boolean>;
}

/** Wait between two batches while there is more, because fires go first. Milliseconds. */
const PAUSE_MS = 50;

/**
 * Deletes finished runs, idempotency keys and tombstones past their retention, and unreferenced definitions. A deletion cannot be
 * undone, so the clock is trusted only after it has been steady for a while, and then a step at a time.
 */
export function createRetainer(context: ShardContext): Retainer {
  const { retention, config, clock, log, leads, now, time } = context;
  /** By the monotonic clock: when the next step may be made. */
  let nextStepAtMs = Number.NEGATIVE_INFINITY;
  /** Sweeps go up to this time; null: before the first step. */
  let reached: Instant | null = null;

  /** The time to sweep by: at most a step further than all sweeps so far, also those of other leaders. */
  async function readSweepTime(): Promise<Instant> {
    if (reached !== null && clock.monotonicMs() < nextStepAtMs) return Math.min(now(), reached);
    const { runs } = await retention.forgotten();
    const step = runs === 0 ? Number.POSITIVE_INFINITY : runs + config.retentionMs + config.retainStepMs;
    if (step < now()) nextStepAtMs = clock.monotonicMs() + config.retainAfterMs;
    return Math.min(now(), (reached = step));
  }
  async function sweep(): Promise<boolean> {
    if (!leads() || time.steadyForMs() < config.retainAfterMs) return false;
    const until = await readSweepTime();
    const { runs, requests, tombstones, definitions, more } = await retention.sweep({
      now: until,
      endedBefore: until - config.retentionMs,
      boundBefore: until - config.requestsMs,
      deletedBefore: until - config.tombstonesMs,
      limit: config.retainRowsMax,
    });
    if (runs + requests + tombstones + definitions > 0)
      log.info({ runs, requests, tombstones, definitions }, "deleted what is past its retention");
    return more;
  }
  const loop = createLoop({ name: "retain", clock, log, runOnce: async () => ((await sweep()) ? PAUSE_MS : config.retainEveryMs) });
  return { start: loop.start, stop: loop.stop, sweep };
}
