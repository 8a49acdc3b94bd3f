import type { Instant } from "../../../domain/instant.ts";
import { waitMsAfter } from "../../../domain/overlap.ts";
import { CONTENDING } from "./contest-reads.ts";
import type { StoreContext } from "../context.ts";
import { groupBy } from "../group-by.ts";
import { inParts } from "../in-parts.ts";
import { upTo } from "../collections/indexes.ts";
import { READABLE_FIELDS, readableAmong } from "./readable-runs.ts";
import { woken } from "./overlap-wakes.ts";
import { allOf, IN_ORDER, waitForAnother, WAITS_FOR_ANOTHER } from "../runs/run-changes.ts";
import type { RunRow } from "../runs/run-row.ts";

/** Queries at the same time. */
const QUERIES_MAX = 10;

/**
 * Looks again at runs that have waited for another of their job until `wakeAt`: the end that should have woken them may have been lost. Of
 * each queue and handler of a job only the first is publishable, and goes on as if it had been woken; the others wait for it. Returns
 * how many are publishable.
 */
export async function repeatWaits(context: StoreContext, waiting: readonly RunRow[], now: Instant): Promise<number> {
  if (waiting.length === 0) return 0;
  const { runs } = context.rows;
  const firsts = await firstsOf(context, waiting);
  const asRead = (rows: readonly RunRow[]) => ({
    _id: { $in: rows.map(({ _id }) => _id).sort() },
    state: { $eq: "due" },
    ...WAITS_FOR_ANOTHER,
    wakeAt: upTo(now),
  });
  const others = groupBy(
    waiting.filter((row) => !firsts.includes(row)),
    ({ waitMs = null }) => waitMsAfter(waitMs),
  );
  await runs.updateEach([...others].map(([waitMs, rows]) => ({ filter: asRead(rows), update: allOf(waitForAnother({ now, waitMs })) })));
  return firsts.length === 0 ? 0 : runs.updateMany(asRead(firsts), woken);
}

/** Rows that are read to find one that can be run. */
const PAGE = 100;

/** The oldest of each queue and handler of a job that can be run, where no older such one contends in the store. */
async function firstsOf(context: StoreContext, waiting: readonly RunRow[]): Promise<readonly RunRow[]> {
  const { runs } = context.rows;
  const sorted = waiting.filter(await readableAmong(context, waiting)).toSorted((left, right) => (left._id < right._id ? -1 : 1));
  const lanes = groupBy(sorted, ({ jobUid, queue, handler }) => `${jobUid} ${queue} ${handler}`);
  const oldest = [...lanes.values()].map(([first]) => first as RunRow);
  const firsts = await inParts(oldest, QUERIES_MAX, ({ jobUid, scheduledFor, queue, handler }) => {
    const lane = { jobUid: { $eq: jobUid }, scheduledFor: { $lte: scheduledFor }, queue: { $eq: queue }, handler: { $eq: handler } };
    return runs.find({ ...lane, ...CONTENDING }, { sort: IN_ORDER, limit: PAGE, fields: READABLE_FIELDS });
  });
  const isReadable = await readableAmong(context, firsts.flat());
  return oldest.filter(({ _id }, index) => (firsts[index]?.find(isReadable)?._id ?? _id) >= _id);
}
