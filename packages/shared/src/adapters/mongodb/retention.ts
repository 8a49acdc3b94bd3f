import { runIdFloor } from "../../domain/run-id.ts";
import type { Retention, RetentionRequest } from "../../ports/retention.ts";
import type { StoreContext } from "./context.ts";
import { sweepDefinitions } from "./definition-sweep.ts";
import type { JobRow } from "./job-row.ts";
import { completePending } from "./pending-fires.ts";
import { cancelOpenRuns } from "./run-control.ts";

/** Tombstones looked at in one sweep, whatever `limit`: those that cannot go yet must not hide those that can. */
const TOMBSTONES_READ_MAX = 1_000;

export const createRetention = (context: StoreContext): Retention => ({
  async sweep(request) {
    const runs = await sweepRuns(context, request);
    const requests = await sweepBindings(context, request);
    const { tombstones, cancelled } = await sweepTombstones(context, request);
    const { definitions, more } = await sweepDefinitions(context, request);
    return { runs, requests, tombstones, definitions, more: more || Math.max(runs, requests, tombstones, cancelled) >= request.limit };
  },
});

/**
 * In the order of ids, which is that of `scheduledFor`: nothing finishes before it was scheduled. What was skipped or
 * missed changes no job's status, so there is nothing to fold, and no `settledAt` to compare.
 */
async function sweepRuns({ rows: { runs, meta } }: StoreContext, { endedBefore, limit }: RetentionRequest): Promise<number> {
  const [watermark] = await meta.find({ _id: { $eq: "watermark" } });
  const gone = {
    finishedAt: { $lt: endedBefore },
    state: { $in: ["succeeded", "failed", "cancelled", "lost", "skipped", "missed"] },
    announce: { $exists: false },
    $or: [{ settledAt: { $exists: false } }, { settledAt: { $lt: watermark?.value ?? 0 } }],
  };
  const found = await runs.find({ _id: { $lt: runIdFloor(endedBefore) }, ...gone }, { sort: { _id: 1 }, limit, fields: ["state"] });
  return found.length === 0 ? 0 : runs.deleteMany({ _id: { $in: found.map(({ _id }) => _id) }, ...gone });
}

async function sweepBindings({ rows: { requests } }: StoreContext, { boundBefore, limit }: RetentionRequest): Promise<number> {
  const old = { boundAt: { $lt: boundBefore } };
  const found = await requests.find(old, { sort: { boundAt: 1 }, limit, fields: ["boundAt"] });
  return found.length === 0 ? 0 : requests.deleteMany({ _id: { $in: found.map(({ _id }) => _id) }, ...old });
}

async function sweepTombstones(
  context: StoreContext,
  { now, deletedBefore, limit }: RetentionRequest,
): Promise<{ tombstones: number; cancelled: number }> {
  const { jobs, definitions } = context.rows;
  const old = await jobs.find({ deletedAt: { $exists: true, $lt: deletedBefore } }, { sort: { deletedAt: 1 }, limit: TOMBSTONES_READ_MAX });
  await completePending(context, old);
  const open = await readOpen(context, old);
  let cancelled = 0;
  for (const job of old.filter(({ _id }) => open.has(_id)))
    cancelled += (await cancelOpenRuns(context, job, { now, limit: limit - cancelled })).length;
  const stillOpen = open.size === 0 ? open : await readOpen(context, old);
  const over = old.filter(({ _id, outbox }) => outbox.length === 0 && !stillOpen.has(_id)).slice(0, limit);
  if (over.length === 0) return { tombstones: 0, cancelled };
  // Definitions first: a crash in between leaves tombstones, which come here again, and no definitions of nobody.
  const jobUids = over.map(({ _id }) => _id);
  await definitions.deleteMany({ jobUid: { $in: jobUids } });
  const empty = { state: { $eq: "deleted" }, "pending.0": { $exists: false }, "outbox.0": { $exists: false } };
  return { tombstones: await jobs.deleteMany({ _id: { $in: jobUids }, ...empty }), cancelled };
}

/** Those of the jobs that have an open run. */
async function readOpen({ rows: { runs } }: StoreContext, jobs: readonly JobRow[]): Promise<Set<string>> {
  if (jobs.length === 0) return new Set();
  const open = {
    tenantId: { $in: [...new Set(jobs.map(({ tenantId }) => tenantId))] },
    state: { $in: ["due", "running", "retrying"] },
    jobUid: { $in: jobs.map(({ _id }) => _id) },
  };
  return new Set(Object.keys(await runs.countBy("jobUid", open)));
}
