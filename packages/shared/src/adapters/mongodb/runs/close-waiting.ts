import type { Instant } from "../../../domain/time/instant.ts";
import { runIdFloor } from "../../../domain/run/run-id.ts";
import { type RunError, WAITED_TOO_LONG } from "../../../domain/run/run-error.ts";
import type { EndedRun } from "../../../domain/run/settlement.ts";
import type { DueRuns } from "../../../ports/runs/due-runs.ts";
import { wakeNext } from "../claims/wake-waiting.ts";
import { withIds } from "../collections/rows.ts";
import { readLaterTime, type StoreContext } from "../context.ts";
import { readQueues } from "./due-run-reads.ts";
import { mergeUpdates, changedBy, endRun, inShardQuery } from "./run-changes.ts";
import { OF_ANY_PRIORITY, standing as standingIs, STANDINGS } from "./run-row.ts";
import { toEndedRuns } from "./run-view.ts";

type Request = Parameters<DueRuns["closeWaiting"]>[0];

/** Closes due runs that were not claimed for too long. Started ones keep the error of their latest attempt. */
export async function closeWaiting(context: StoreContext, request: Request): Promise<EndedRun[]> {
  const { runs } = context.rows;
  const ids = withIds(await readWaiting(context, request));
  if (ids._id.$in.length === 0) return [];
  const now = await readLaterTime(context, request.now);
  const own = changedBy(context.newToken());
  const close = (state: "skipped" | "failed", error?: RunError) =>
    mergeUpdates(endRun({ state, reason: "retention", now, error }), own.update);
  const waiting = { ...ids, state: { $eq: "due" }, ...dueSince(request.dueBefore) };
  const started = { ...waiting, firstStartedAt: { $exists: true } };
  await runs.updateEach([
    { filter: { ...waiting, firstStartedAt: { $exists: false } }, update: close("skipped") },
    { filter: { ...started, error: { $exists: true } }, update: close("failed") },
    { filter: { ...started, error: { $exists: false } }, update: close("failed", WAITED_TOO_LONG) },
  ]);
  const closed = await runs.find({ ...ids, ...own.filter }, { sort: { _id: 1 } });
  await wakeNext(context, closed);
  return toEndedRuns(context, closed);
}

/**
 * In filters: due since before then. The first release did not record `dueAt` when a run became due again, but recorded its latest start. If both are
 * absent, the run is due since it was fired.
 */
const dueSince = (before: Instant) => ({
  firedAt: { $lt: before },
  dueAt: { $not: { $gte: before } },
  startedAt: { $not: { $gte: before } },
});

/**
 * The oldest ids. No run is due before its instant, so those that were due before then have smaller ids than any of that instant: a range
 * of the index by which runs are published, in its order, for each queue.
 */
async function readWaiting(context: StoreContext, { shard, dueBefore, limit }: Request): Promise<readonly string[]> {
  const found: string[] = [];
  for (const standing of STANDINGS.map(standingIs)) {
    for (const queue of await readQueues(context, standing, shard)) {
      const lane = { ...standing, queue: { $eq: queue }, ...OF_ANY_PRIORITY, _id: { $lt: runIdFloor(dueBefore) } };
      const filter = { ...lane, ...inShardQuery(shard), ...dueSince(dueBefore) };
      const rows = await context.rows.runs.find(filter, { sort: { _id: 1 }, limit, fields: ["queue"] });
      found.push(...rows.map(({ _id }) => _id));
    }
  }
  return found.sort().slice(0, limit);
}
