import type { Instant } from "../../../domain/instant.ts";
import { runIdFloor } from "../../../domain/run-id.ts";
import { type RunError, WAITED_TOO_LONG } from "../../../domain/run-error.ts";
import type { EndedRun } from "../../../domain/settlement.ts";
import type { DueRuns } from "../../../ports/due-runs.ts";
import { mapReadable } from "../../../runtime/map-readable.ts";
import type { StoreContext } from "../context.ts";
import { queuesOf } from "./waiting-queues.ts";
import { laterTime } from "../later-time.ts";
import { wakeNext } from "../claims/overlap-wakes.ts";
import { allOf, endRun, inShardQuery } from "./run-changes.ts";
import { standing as standingIs, STANDINGS } from "./run-row.ts";
import { asReadable, endedRunOf } from "./run-view.ts";

/** Closes due runs that nobody has claimed for too long. Started ones keep the error of their latest attempt. */
export async function closeWaiting(context: StoreContext, request: Parameters<DueRuns["closeWaiting"]>[0]): Promise<EndedRun[]> {
  const { runs } = context.rows;
  const { dueBefore } = request;
  const found = await readWaiting(context, request);
  if (found.length === 0) return [];
  const now = await laterTime(context, request.now);
  const ids = { _id: { $in: found } };
  const token = context.newToken();
  const closedAs = (state: "skipped" | "failed", error?: RunError) =>
    allOf(endRun({ state, reason: "retention", now, error }), { $set: { changedBy: token } });
  const waiting = { ...ids, state: { $eq: "due" }, ...dueSince(dueBefore) };
  const started = { ...waiting, firstStartedAt: { $exists: true } };
  await runs.updateEach([
    { filter: { ...waiting, firstStartedAt: { $exists: false } }, update: closedAs("skipped") },
    { filter: { ...started, error: { $exists: true } }, update: closedAs("failed") },
    { filter: { ...started, error: { $exists: false } }, update: closedAs("failed", WAITED_TOO_LONG) },
  ]);
  const closed = await runs.find({ ...ids, changedBy: { $eq: token } }, { sort: { _id: 1 } });
  await wakeNext(context, closed);
  return mapReadable(closed, asReadable(endedRunOf, context.onUnreadable));
}

/**
 * Due since before then. The first release noted no `dueAt` when a run became due again, but its latest start; where both are absent, it
 * is due since it was fired.
 */
const dueSince = (before: Instant) => ({
  firedAt: { $lt: before },
  dueAt: { $not: { $gte: before } },
  startedAt: { $not: { $gte: before } },
});

/**
 * The oldest ids. Nothing is due before its instant, so those that were due before then have smaller ids than any of that instant: a range
 * of the index by which runs are published, in its order, for each queue.
 */
async function readWaiting(
  context: StoreContext,
  { shard, dueBefore, limit }: Parameters<DueRuns["closeWaiting"]>[0],
): Promise<readonly string[]> {
  const { runs } = context.rows;
  const found: string[] = [];
  for (const standing of STANDINGS) {
    for (const queue of await queuesOf(context, standingIs(standing), shard)) {
      const lane = { ...standingIs(standing), queue: { $eq: queue }, _id: { $lt: runIdFloor(dueBefore) } };
      const rows = await runs.find(
        { ...lane, ...inShardQuery(shard), ...dueSince(dueBefore) },
        { sort: { _id: 1 }, limit, fields: ["queue"] },
      );
      found.push(...rows.map(({ _id }) => _id));
    }
  }
  return found.sort().slice(0, limit);
}
