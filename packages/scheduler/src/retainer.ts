import { createLoop } from "@tickline/shared/runtime/loop";
import type { Service } from "@tickline/shared/runtime/service";
import type { RangeContext } from "./scheduler-deps.ts";

export interface Retainer extends Service {
  /** Forgets one bounded batch of what is past its time. Returns true if there is more. */
  sweep(): Promise<boolean>;
}

/** Wait between two batches while there is more: fires go first. */
const PAUSE_MS = 50;

/** Deletes finished runs, old idempotency keys and tombstones past their retention, and definitions nothing uses. */
export function createRetainer(context: RangeContext): Retainer {
  const { retention, config, clock, log, leads, now } = context;

  async function sweep(): Promise<boolean> {
    if (!leads()) return false;
    const time = now();
    const { runs, requests, tombstones, definitions, more } = await retention.sweep({
      now: time,
      endedBefore: time - config.retentionMs,
      boundBefore: time - config.requestsMs,
      deletedBefore: time - config.tombstonesMs,
      limit: config.retainRowsMax,
    });
    if (runs + requests + tombstones + definitions > 0)
      log.info({ runs, requests, tombstones, definitions }, "forgot what is past its retention");
    return more;
  }
  const loop = createLoop({ name: "retain", clock, log, runOnce: async () => ((await sweep()) ? PAUSE_MS : config.retainEveryMs) });
  return { start: loop.start, stop: loop.stop, sweep };
}
