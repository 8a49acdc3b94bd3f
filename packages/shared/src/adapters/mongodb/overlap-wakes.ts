import type { StoreContext } from "./context.ts";
import { inParts } from "./in-parts.ts";
import { allOf, IN_ORDER, makePublishable, WAITS_FOR_ANOTHER } from "./run-changes.ts";
import type { RunRow } from "./run-row.ts";

/** Jobs of which a run is woken at the same time. */
const WAKES_MAX = 10;

/** A waiting run as it is woken: those that wait besides go on after its end. */
export const woken = allOf(makePublishable, { $set: { wakes: true } });

/**
 * These runs contend no longer: of each job for whose end another may wait (`wakes`), the oldest that waits is publishable now. Returns by
 * job the queue of the run that was woken. A crash before it costs a wait until `wakeAt`, and repeating it wakes one more, which is
 * harmless: a claim judges it anew.
 */
export async function wakeNext(
  { rows: { runs } }: Pick<StoreContext, "rows">,
  gone: readonly Pick<RunRow, "jobUid" | "wakes">[],
): Promise<ReadonlyMap<string, string>> {
  const jobUids = [...new Set(gone.filter(({ wakes }) => wakes === true).map(({ jobUid }) => jobUid))];
  const rows = await inParts(jobUids, WAKES_MAX, (jobUid) =>
    runs.updateAndRead({ jobUid: { $eq: jobUid }, ...WAITS_FOR_ANOTHER }, woken, { sort: IN_ORDER }),
  );
  return new Map(rows.flatMap((row) => (row === null ? [] : [[row.jobUid, row.queue] as const])));
}
