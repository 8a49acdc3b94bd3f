import type { LeaseView, Rescue } from "@tickline/shared/ports/run-leases";
import { createLoop } from "@tickline/shared/runtime/loop";
import type { Service } from "@tickline/shared/runtime/service";
import { planRescues, type LeaseSighting } from "./rescue-plan.ts";
import type { RangeContext } from "./scheduler-deps.ts";
import type { RangeListeners } from "./range-listeners.ts";

export interface Rescuer extends Service {
  /** Gives attempts whose lease has ended to others. Returns how many. */
  rescue(): Promise<number>;
}

/** Rescues named in one line of the log; how many there were is said besides. */
const RESCUES_LOGGED_MAX = 100;

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
    log.warn({ rescued, of: plan.rescues.length, runs: namesOf(plan.rescues, ending) }, "attempts whose executor is gone were taken up");
    metrics.rescued.inc(rescued);
    if (rescued > ended.length) onPublishable();
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

/** Whose handlers were at work: after a crash one of them may be its cause. `rescues` counts those before. */
function namesOf(rescues: readonly Rescue[], leases: readonly LeaseView[]): readonly object[] {
  const byId = new Map(leases.map((lease) => [lease.runId, lease]));
  return rescues.slice(0, RESCUES_LOGGED_MAX).map(({ runId, to }) => {
    const lease = byId.get(runId);
    return { runId, handler: lease?.handler, attempt: lease?.attempt, rescues: lease?.rescues, to };
  });
}
