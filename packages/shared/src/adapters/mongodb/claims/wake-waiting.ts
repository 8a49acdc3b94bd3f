import type { Instant } from "../../../domain/time/instant.ts";
import { OVERLAP_BUFFER_MAX, waitMsAfter } from "../../../domain/policy/overlap.ts";
import { inParallel } from "../../../runtime/batch/in-parallel.ts";
import { upTo } from "../collections/indexes.ts";
import { inOrder, withIds } from "../collections/rows.ts";
import type { StoreContext } from "../context.ts";
import { findRunnable, RUNNABLE_FIELDS } from "../runs/due-run-reads.ts";
import { mergeUpdates, IN_ORDER, waitForAnother, WAITS_FOR_ANOTHER, WOKEN } from "../runs/run-changes.ts";
import type { RunRow } from "../runs/run-row.ts";
import { CONTENDING } from "./contenders.ts";

/** Jobs whose runs are woken at the same time, and concurrent queries of their runs. */
const AT_ONCE = 10;
/** Waiting runs of a job that are read. Other runs are checked when their wait is over. */
const WAITING_MAX = OVERLAP_BUFFER_MAX + 1;
/** Rows that are read to find one that can be run. */
const PAGE = 100;
/** Rounds in which rows that others changed meanwhile are read again. */
const ROUNDS_MAX = 20;

type Waking = Pick<StoreContext, "rows" | "definitions">;
type WokenRun = Pick<RunRow, "_id" | "queue" | "handler">;

/**
 * Called when these runs no longer contend. Of each job whose run has others waiting for it (`wakes`), the oldest waiting run of each queue and
 * handler becomes publishable, because it is not known here which of them an executor serves. Returns by job the woken runs, oldest first. After a
 * crash before it the runs wait until `wakeAt`. Repeating it wakes one more run, which is harmless: a claim judges that run anew.
 */
export async function wakeNext(
  context: Waking,
  gone: readonly Pick<RunRow, "jobUid" | "wakes">[],
): Promise<ReadonlyMap<string, readonly WokenRun[]>> {
  const jobUids = [...new Set(gone.filter(({ wakes }) => wakes === true).map(({ jobUid }) => jobUid))];
  return new Map(
    await inParallel(jobUids, { atOnce: AT_ONCE, work: async (jobUid) => [jobUid, await wakeFirsts(context, jobUid)] as const }),
  );
}

async function wakeFirsts(context: Waking, jobUid: string): Promise<readonly WokenRun[]> {
  const { runs } = context.rows;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const waiting = await runs.find(
      { jobUid: { $eq: jobUid }, ...WAITS_FOR_ANOTHER },
      { sort: IN_ORDER, limit: WAITING_MAX, fields: ["queue", "handler", ...RUNNABLE_FIELDS] },
    );
    const firsts = pickFirsts(await findRunnable(context, waiting));
    const filter = { ...withIds(firsts.map(({ _id }) => _id)), state: { $eq: "due" }, ...WAITS_FOR_ANOTHER };
    // A run that has ended or started since wakes no run itself: the runs that wait for it are read anew.
    if ((await runs.updateMany(filter, WOKEN)) === firsts.length) return firsts;
  }
  return [];
}

/** The first of each queue and handler of a job. */
const pickFirsts = (rows: readonly RunRow[]): RunRow[] =>
  [...Map.groupBy(rows, ({ jobUid, queue, handler }) => `${jobUid} ${queue} ${handler}`).values()].map(([first]) => first as RunRow);

/**
 * Checks runs again that have waited for another of their job until `wakeAt`: the end that should have woken them may have been lost. Of
 * each queue and handler of a job only the first becomes publishable, as if it had been woken; the others wait for it. Returns
 * how many are publishable.
 */
export async function repeatWaits(context: StoreContext, waiting: readonly RunRow[], now: Instant): Promise<number> {
  const { runs } = context.rows;
  const firsts = await findFirsts(context, waiting);
  const asRead = (rows: readonly RunRow[]) => ({
    ...withIds(rows.map(({ _id }) => _id)),
    state: { $eq: "due" },
    ...WAITS_FOR_ANOTHER,
    wakeAt: upTo(now),
  });
  const others = Map.groupBy(
    waiting.filter((row) => !firsts.includes(row)),
    ({ waitMs = null }) => waitMsAfter(waitMs),
  );
  await runs.updateEach(
    [...others].map(([waitMs, rows]) => ({ filter: asRead(rows), update: mergeUpdates(waitForAnother({ now, waitMs })) })),
  );
  return runs.updateMany(asRead(firsts), WOKEN);
}

/** The oldest runnable run of each queue and handler of a job, if no older runnable one contends in the store. */
async function findFirsts(context: StoreContext, waiting: readonly RunRow[]): Promise<readonly RunRow[]> {
  const oldest = pickFirsts(inOrder(await findRunnable(context, waiting)));
  const work = ({ jobUid, scheduledFor, queue, handler }: RunRow): Promise<RunRow[]> => {
    const lane = { jobUid: { $eq: jobUid }, scheduledFor: { $lte: scheduledFor }, queue: { $eq: queue }, handler: { $eq: handler } };
    return context.rows.runs.find({ ...lane, ...CONTENDING }, { sort: IN_ORDER, limit: PAGE, fields: RUNNABLE_FIELDS });
  };
  const lanes = await inParallel(oldest, { atOnce: AT_ONCE, work });
  const runnable = new Set(await findRunnable(context, lanes.flat()));
  return oldest.filter(({ _id }, index) => (lanes[index]?.find((row) => runnable.has(row))?._id ?? _id) >= _id);
}
