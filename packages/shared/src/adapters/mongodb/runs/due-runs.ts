import type { DueRun } from "../../../domain/due-run.ts";
import type { LastRun } from "../../../domain/run.ts";
import { isLastRun } from "../../../domain/stored-job.ts";
import { isText } from "../../../domain/stored-value.ts";
import type { DueRuns } from "../../../ports/due-runs.ts";
import { mapReadable } from "../../../runtime/map-readable.ts";
import { type ReadablePart, readEnough } from "../../../runtime/read-enough.ts";
import type { StoreContext } from "../context.ts";
import { closeWaiting } from "./close-waiting.ts";
import { notePublished } from "./publications.ts";
import { resetWaits } from "./reset-waits.ts";
import { inShardQuery } from "./run-changes.ts";
import { type RunRow, standing } from "./run-row.ts";
import { asReadable, dueRunOf } from "./run-view.ts";
import { queuesOf } from "./waiting-queues.ts";
import { wakeRuns } from "./wake.ts";

export function createDueRuns(context: StoreContext): DueRuns {
  const { runs } = context.rows;
  return {
    publishable({ shard, queue, limit: runsMax, rescuesBelow }) {
      const rescues = rescuesBelow === undefined ? {} : { rescues: { $not: { $gte: rescuesBelow } } };
      const filter = { ...standing("publishable"), queue: { $eq: queue }, ...inShardQuery(shard), ...rescues };
      return readEnough(runsMax, async (limit) => dueRunsOf(context, await runs.find(filter, { sort: { _id: 1 }, limit })));
    },
    queues: (shard) => queuesOf(context, standing("publishable"), shard),
    published: (request) => notePublished(context, request),
    async unclaimed(shard) {
      return runs.countBy("queue", { ...standing("published"), ...inShardQuery(shard) });
    },
    unclaimedRescued: (shard, rescuesMin) =>
      runs.countBy("queue", { ...standing("published"), ...inShardQuery(shard), rescues: { $gte: rescuesMin } }),
    async wake(request) {
      return wakeRuns(context, request);
    },
    resetWaits: (request) => resetWaits(context, request),
    closeWaiting: (request) => closeWaiting(context, request),
  };
}

/** With their definitions, and the last runs of their jobs at present. */
export async function dueRunsOf({ rows, definitions, onUnreadable }: StoreContext, due: readonly RunRow[]): Promise<ReadablePart<DueRun>> {
  if (due.length === 0) return { items: [], met: 0 };
  const jobUids = [...new Set(due.map(({ jobUid }) => jobUid))].filter(isText); // Of a row that cannot be read it may be anything.
  const [definitionOf, jobs] = await Promise.all([definitions.of(due), rows.jobs.find({ _id: { $in: jobUids } }, { fields: ["lastRun"] })]);
  const lastRuns = new Map<string, LastRun | null>(jobs.map(({ _id, lastRun }) => [_id, isLastRun(lastRun) ? lastRun : null]));
  const read = (row: RunRow): DueRun => dueRunOf(row, definitionOf(row), lastRuns.get(row.jobUid) ?? null);
  return { items: mapReadable(due, asReadable(read, onUnreadable)), met: due.length };
}
