import type { LeasePosition, LeaseView } from "@tickline/shared/ports/runs/run-leases";
import type { SchedulerConfig } from "../scheduler-config.ts";
import { shortestLeases, type LeaseSighting, type RescuePlan } from "./rescue-plan.ts";

/** Sightings are reduced to the permitted number when there are this many times as many: sorting them costs more than keeping them. */
const SIGHTINGS_SLACK = 1.25;

/**
 * A walk through all leases that may have ended, over as many rounds as that takes. A lease is read once in each walk, so the sightings of the
 * last walk and of this one are kept apart: a lease that a walk did not read was renewed or settled.
 */
export interface LeaseWalk {
  /** The sightings of the last walk. */
  readonly earlier: ReadonlyMap<string, LeaseSighting>;
  /** Where the next page is read; null: from the first. */
  readonly after: LeasePosition | null;
  /** Records a page whose rescues were tried. `refused`: rescues that the store refused; those leases need not be watched anew. */
  passed(page: readonly LeaseView[], plan: RescuePlan, refused: (runId: string) => boolean): void;
}

export function createLeaseWalk({
  rescueRunsMax,
  leasesWatchedMax,
}: Pick<SchedulerConfig, "rescueRunsMax" | "leasesWatchedMax">): LeaseWalk {
  let earlier: ReadonlyMap<string, LeaseSighting> = new Map();
  let sightings = new Map<string, LeaseSighting>();
  let after: LeasePosition | null = null;

  function keep(runId: string, sighting: LeaseSighting | undefined): void {
    if (sighting !== undefined) sightings.set(runId, sighting);
  }
  return {
    get earlier() {
      return earlier;
    },
    get after() {
      return after;
    },
    passed(page, plan, refused) {
      for (const [runId, sighting] of plan.sightings) keep(runId, sighting);
      for (const { runId } of plan.rescues) if (refused(runId)) keep(runId, earlier.get(runId));
      if (sightings.size > leasesWatchedMax * SIGHTINGS_SLACK) sightings = shortestLeases(sightings, leasesWatchedMax);
      after = page.length < rescueRunsMax ? null : positionBehind(page, after);
      if (after !== null) return;
      earlier = sightings;
      sightings = new Map();
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
