import { createLoop } from "@tickline/shared/runtime/loop";
import type { Service } from "@tickline/shared/runtime/service";
import { planRescues, type LeaseSighting } from "./rescue-plan.ts";
import type { RangeContext } from "./scheduler-deps.ts";
import type { RangeListeners } from "./range-listeners.ts";

export interface Rescuer extends Service {
  /** Gives attempts whose lease has ended to others. Returns how many. */
  rescue(): Promise<number>;
}

/** Takes up what executors that vanished have left. */
export function createRescuer(context: RangeContext, { onPublishable, onEnded }: RangeListeners): Rescuer {
  const { leases, slots, config, clock, log, metrics, leads, now } = context;
  let seen: ReadonlyMap<string, LeaseSighting> = new Map();

  async function rescue(): Promise<number> {
    if (!leads()) return 0;
    const ending = await leases.ending({ slots, now: now() + config.rescueAheadMs, limit: config.rescueRunsMax });
    const plan = planRescues(ending, { seen, monotonicMs: clock.monotonicMs(), rescuesMax: config.rescuesMax });
    seen = plan.sightings;
    if (plan.rescues.length === 0) return 0;
    const { rescued, ended } = await leases.rescue({ rescues: plan.rescues, now: now() });
    log.warn({ rescued, of: plan.rescues.length }, "attempts whose executor vanished were taken up");
    metrics.rescued.inc(rescued);
    if (rescued > 0) onPublishable(); // Those that are due again, and what waited for the others to end.
    if (ended.length > 0) onEnded(ended);
    return rescued;
  }
  const loop = createLoop({
    name: "rescue",
    clock,
    log,
    runOnce: async () => ((await rescue()) >= config.rescueRunsMax ? 0 : config.rescueMs),
  });
  return { start: loop.start, stop: loop.stop, rescue };
}
