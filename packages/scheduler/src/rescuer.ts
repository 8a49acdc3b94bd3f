import type { AppError } from "@tickline/shared/domain/app-error";
import type { LeasePosition, LeaseView, Rescue } from "@tickline/shared/ports/run-leases";
import { inHalves, type RefusedItem } from "@tickline/shared/runtime/in-halves";
import { createLoop } from "@tickline/shared/runtime/loop";
import type { Service } from "@tickline/shared/runtime/service";
import { planRescues, shortestLeases, type LeaseSighting, type RescuePlan } from "./rescue-plan.ts";
import { createRefusals } from "./refusals.ts";
import type { RangeContext } from "./scheduler-deps.ts";
import type { RangeListeners } from "./range-listeners.ts";

export interface Rescuer extends Service {
  /** Reads the leases that may have ended, a bounded number, and gives attempts whose lease has ended to others. Returns how many. */
  rescue(): Promise<number>;
}

/** Rescues named in one line of the log; how many there were is said besides. */
const RESCUES_LOGGED_MAX = 100;
/** Sightings are reduced to what may be kept when there are this many times as many: to sort them costs more than to keep them. */
const SIGHTINGS_SLACK = 1.25;

/**
 * One walk through all leases that may have ended, over as many rounds as that takes. A lease is read once a walk, so `earlier`,
 * the sightings of the walk before, and those of this one are kept apart: what a walk has not met was renewed or settled.
 */
interface Walk {
  earlier: ReadonlyMap<string, LeaseSighting>;
  sightings: Map<string, LeaseSighting>;
  after: LeasePosition | null;
}

/**
 * Takes up what executors that ended without a word have left. Leases that can only be watched, for hours if they are long, must
 * not hide one that can be acted on: so every round goes on behind what it has read.
 */
export function createRescuer(context: RangeContext, { onPublishable, onEnded }: RangeListeners): Rescuer {
  const { leases, slots, config, clock, log, metrics, leads, now } = context;
  const walk: Walk = { earlier: new Map(), sightings: new Map(), after: null };

  const refused = createRefusedRescues(context);

  async function rescue(): Promise<number> {
    let rescued = 0;
    let fault: AppError | null = null;
    for (let read = 0; read < config.rescueReadMax && leads(); read += config.rescueRunsMax) {
      const query = { slots, now: now() + config.rescueAheadMs, after: walk.after, limit: config.rescueRunsMax };
      const page = await leases.ending(query);
      const plan = planRescues(page, { seen: walk.earlier, monotonicMs: clock.monotonicMs(), rescuesMax: config.rescuesMax });
      const done = await perform(plan, page);
      rescued += done.rescued;
      fault ??= done.fault;
      remember(plan, page);
      if (walk.after === null) break;
    }
    if (fault !== null) throw fault;
    return rescued;
  }
  /** `fault`: of a rescue that was refused for the first time. One that is refused again is set aside, and the others go on. */
  async function perform(
    { rescues }: RescuePlan,
    page: readonly LeaseView[],
  ): Promise<{ readonly rescued: number; readonly fault: AppError | null }> {
    const some = rescues.filter(({ runId }) => !refused.holds(runId));
    if (some.length === 0) return { rescued: 0, fault: null };
    let rescued = 0;
    const faulty = await inHalves(some, async (part) => void (rescued += await take(part)));
    if (rescued > 0) log.warn({ rescued, of: some.length, runs: namesOf(some, page) }, "attempts whose executor is gone were taken up");
    return { rescued, fault: refused.tried(some, faulty) };
  }
  async function take(rescues: readonly Rescue[]): Promise<number> {
    const { rescued, ended } = await leases.rescue({ rescues, now: now() });
    metrics.rescued.inc(rescued);
    if (rescued > 0) onPublishable(); // Those that are due again, and what waited for the others to end.
    if (ended.length > 0) onEnded(ended);
    return rescued;
  }
  /** What was refused is as it was seen before: it need not be watched anew. */
  function remember({ sightings, rescues }: RescuePlan, page: readonly LeaseView[]): void {
    for (const [runId, sighting] of sightings) walk.sightings.set(runId, sighting);
    for (const { runId } of rescues) {
      const sighting = walk.earlier.get(runId);
      if (refused.doubts(runId) && sighting !== undefined) walk.sightings.set(runId, sighting);
    }
    const { leasesWatchedMax } = config;
    if (walk.sightings.size > leasesWatchedMax * SIGHTINGS_SLACK) walk.sightings = shortestLeases(walk.sightings, leasesWatchedMax);
    walk.after = page.length < config.rescueRunsMax ? null : positionBehind(page, walk.after);
    if (walk.after !== null) return;
    walk.earlier = walk.sightings;
    walk.sightings = new Map();
  }
  const runOnce = async (): Promise<number> => ((await rescue()) >= config.rescueRunsMax ? 0 : config.rescueMs);
  const loop = createLoop({ name: "rescue", clock, log, runOnce });
  return { start: loop.start, stop: loop.stop, rescue };
}

/** What the store refused once is tried again at the next look, for perhaps it took nothing just then; what it refuses again is set aside. */
function createRefusedRescues(context: RangeContext) {
  const doubtful = new Set<string>();
  const refusals = createRefusals(context);
  return {
    holds: refusals.holds,
    doubts: (runId: string): boolean => doubtful.has(runId),
    /** Returns the fault of one that was refused for the first time; null: there is none. */
    tried(rescues: readonly Rescue[], faulty: readonly RefusedItem<Rescue>[]): AppError | null {
      const faults = new Map(faulty.map(({ item, fault }) => [item.runId, fault]));
      const first = faulty.find(({ item }) => !doubtful.has(item.runId));
      for (const { runId } of rescues) {
        const err = faults.get(runId);
        if (err === undefined) {
          doubtful.delete(runId);
          refusals.release(runId);
        } else if (doubtful.has(runId))
          context.log.warn(
            { err, runId, ...refusals.refuse(runId) },
            "a lease is set aside: its run cannot be taken up, and is tried again",
          );
        else doubtful.add(runId);
      }
      return first?.fault ?? null;
    },
  };
}

function positionBehind(page: readonly LeaseView[], before: LeasePosition | null): LeasePosition | null {
  const last = page.at(-1);
  if (last === undefined) return null;
  const { expiresAt } = last;
  const runIds = page.filter((lease) => lease.expiresAt === expiresAt).map(({ runId }) => runId);
  return { expiresAt, runIds: before?.expiresAt === expiresAt ? [...before.runIds, ...runIds] : runIds };
}

/** Whose handlers were at work: after a crash one of them may be its cause. `rescues` counts those before. */
function namesOf(rescues: readonly Rescue[], leases: readonly LeaseView[]): readonly object[] {
  const byId = new Map(leases.map((lease) => [lease.runId, lease]));
  return rescues.slice(0, RESCUES_LOGGED_MAX).map(({ runId, to }) => {
    const lease = byId.get(runId);
    return { runId, handler: lease?.handler, attempt: lease?.attempt, rescues: lease?.rescues, to };
  });
}
