import { OVERLAP_BUFFER_MAX } from "../../../domain/overlap.ts";
import type { StoreContext } from "../context.ts";
import { groupBy } from "../group-by.ts";
import { inParts } from "../in-parts.ts";
import { READABLE_FIELDS, readableAmong } from "./readable-runs.ts";
import { allOf, IN_ORDER, makePublishable, WAITS_FOR_ANOTHER } from "../runs/run-changes.ts";
import type { RunRow } from "../runs/run-row.ts";

/** Jobs of which a run is woken at the same time. */
const WAKES_MAX = 10;

/** A waiting run as it is woken: those that wait besides go on after its end. */
export const woken = allOf(makePublishable, { $set: { wakes: true } });

/** Waiting runs of a job that are looked at. What is not found among them is looked at again when its wait is over. */
const PAGE = OVERLAP_BUFFER_MAX + 1;
/** Rounds in which what others wrote meanwhile is read again. */
const ROUNDS_MAX = 20;

/**
 * These runs contend no longer: of each job for whose end another may wait (`wakes`), the oldest of each queue and handler that waits is
 * publishable now, as nobody knows here which of them an executor serves. Returns by job those that were woken, the oldest first. A crash before it
 * costs a wait until `wakeAt`, and repeating it wakes one more, which is harmless: a claim judges it anew.
 */
export async function wakeNext(
  context: Waking,
  gone: readonly Pick<RunRow, "jobUid" | "wakes">[],
): Promise<ReadonlyMap<string, readonly WokenRun[]>> {
  const jobUids = [...new Set(gone.filter(({ wakes }) => wakes === true).map(({ jobUid }) => jobUid))];
  const woken = await inParts(jobUids, WAKES_MAX, (jobUid) => wakeFirsts(context, jobUid));
  return new Map(jobUids.map((jobUid, index) => [jobUid, woken[index] ?? []]));
}

type Waking = Pick<StoreContext, "rows" | "definitions">;
type WokenRun = Pick<RunRow, "_id" | "queue" | "handler">;

async function wakeFirsts(context: Waking, jobUid: string): Promise<readonly WokenRun[]> {
  const { runs } = context.rows;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const waiting = await runs.find(
      { jobUid: { $eq: jobUid }, ...WAITS_FOR_ANOTHER },
      { sort: IN_ORDER, limit: PAGE, fields: ["queue", "handler", ...READABLE_FIELDS] },
    );
    const lanes = groupBy(waiting.filter(await readableAmong(context, waiting)), ({ queue, handler }) => `${queue} ${handler}`);
    const firsts = [...lanes.values()].map(([first]) => first as RunRow);
    if (firsts.length === 0) return [];
    const ids = firsts.map(({ _id }) => _id).sort();
    // One that has ended or started since wakes nobody itself: whoever waits behind it is read anew.
    if ((await runs.updateMany({ _id: { $in: ids }, state: { $eq: "due" }, ...WAITS_FOR_ANOTHER }, woken)) === ids.length) return firsts;
  }
  return [];
}
