import type { Instant } from "../../../domain/time/instant.ts";
import type { Retention, RetentionRequest } from "../../../ports/store/retention.ts";
import { inHalves } from "../../../runtime/batch/in-halves.ts";
import { withIds } from "../collections/rows.ts";
import { readLaterTime, type StoreContext } from "../context.ts";
import { sweepDefinitions } from "./definition-sweep.ts";
import type { JobRow } from "../jobs/job-row.ts";
import { raiseMeta, readMeta } from "../meta.ts";
import { completePending } from "../jobs/pending-fires.ts";
import { cancelOpenRuns } from "../runs/run-control.ts";
import { createRunSweep } from "./run-sweep.ts";

/** Tombstones read in one sweep, whatever `limit`. The next sweep continues after them, so that those that cannot be deleted yet do not hide others. */
const TOMBSTONES_READ_MAX = 1_000;

export function createRetention(context: StoreContext): Retention {
  const sweepRuns = createRunSweep(context);
  const walk: TombstoneWalk = { after: null };
  return {
    async sweep(request) {
      await raiseMeta(context.rows.meta, "runsForgotten", request.endedBefore);
      await raiseMeta(context.rows.meta, "jobsForgotten", request.deletedBefore);
      const { runs, more: moreRuns } = await sweepRuns(request);
      const requests = await sweepBindings(context, request);
      const { tombstones, cancelled } = await sweepTombstones(context, request, walk);
      const { definitions, more: moreDefinitions } = await sweepDefinitions(context, request);
      const more = moreRuns || moreDefinitions || Math.max(requests, tombstones, cancelled) >= request.limit;
      return { runs, requests, tombstones, definitions, more };
    },
    async forgotten() {
      const { meta } = context.rows;
      return { runs: await readMeta(meta, "runsForgotten"), jobs: await readMeta(meta, "jobsForgotten") };
    },
  };
}

/** Where the next sweep continues: after this instant, or at it with other jobs than these; null: from the first. */
interface TombstoneWalk {
  after: { readonly deletedAt: Instant; readonly jobUids: readonly string[] } | null;
}

async function sweepBindings({ rows: { requests } }: StoreContext, { boundBefore, limit }: RetentionRequest): Promise<number> {
  const old = { boundAt: { $lt: boundBefore } };
  const found = await requests.find(old, { sort: { boundAt: 1 }, limit, fields: ["boundAt"] });
  return requests.deleteMany({ ...withIds(found.map(({ _id }) => _id)), ...old });
}

async function sweepTombstones(
  context: StoreContext,
  { now, deletedBefore, limit }: RetentionRequest,
  walk: TombstoneWalk,
): Promise<{ tombstones: number; cancelled: number }> {
  const { jobs, definitions } = context.rows;
  const old = await readTombstones(context, walk, deletedBefore);
  await completePending(context, old);
  const open = await readOpen(context, old);
  let cancelled = 0;
  for (const job of old.filter(({ _id }) => open.has(_id))) {
    const request = { now: await readLaterTime(context, now), limit: limit - cancelled };
    // A tombstone whose runs cannot be cancelled stays, and does not keep others from being deleted.
    const refused = await inHalves([job], async () => void (cancelled += (await cancelOpenRuns(context, job, request)).length));
    for (const { fault } of refused) context.onUnreadable({ kind: "job", id: job._id, reason: fault.message });
  }
  const stillOpen = open.size === 0 ? open : await readOpen(context, old);
  // No entry is added to `pending` of a deleted job, so an empty one stays empty. Of the others, the runs have just been made or are
  // not visible yet: their job is deleted in a later sweep, or a fire would lack the definition it needs.
  const isUnreferenced = ({ _id, pending, outbox }: JobRow): boolean => isEmpty(pending) && isEmpty(outbox) && !stillOpen.has(_id);
  const over = old.filter(isUnreferenced).slice(0, limit);
  if (over.length < limit && cancelled < limit) walk.after = positionBehind(old, walk); // Otherwise more of these remain.
  // Definitions first: a crash in between leaves tombstones, which a later sweep deletes, and no definitions without a job.
  const jobUids = over.map(({ _id }) => _id);
  await definitions.deleteMany({ jobUid: { $in: jobUids } });
  const empty = { state: { $eq: "deleted" }, "pending.0": { $exists: false }, "outbox.0": { $exists: false } };
  return { tombstones: await jobs.deleteMany({ ...withIds(jobUids), ...empty }), cancelled };
}

const isEmpty = (list: unknown): boolean => Array.isArray(list) && list.length === 0;

function readTombstones({ rows: { jobs } }: StoreContext, { after }: TombstoneWalk, deletedBefore: Instant): Promise<JobRow[]> {
  const deletedAt = { $exists: true, $lt: deletedBefore, ...(after !== null && { $gte: after.deletedAt }) };
  const filter = { deletedAt, ...(after !== null && { _id: { $nin: after.jobUids } }) };
  return jobs.find(filter, { sort: { deletedAt: 1 }, limit: TOMBSTONES_READ_MAX });
}

function positionBehind(old: readonly JobRow[], { after }: TombstoneWalk): TombstoneWalk["after"] {
  const deletedAt = old.at(-1)?.deletedAt;
  if (deletedAt === undefined || old.length < TOMBSTONES_READ_MAX) return null;
  const jobUids = old.filter((job) => job.deletedAt === deletedAt).map(({ _id }) => _id);
  return { deletedAt, jobUids: after?.deletedAt === deletedAt ? [...after.jobUids, ...jobUids] : jobUids };
}

/**
 * The jobs that have an open run: a due one, by the index of the due runs of jobs, or one that runs or waits for a retry, by the index of
 * their times. Due runs of other jobs, which may be millions, are not read.
 */
async function readOpen({ rows: { runs } }: StoreContext, jobs: readonly JobRow[]): Promise<Set<string>> {
  if (jobs.length === 0) return new Set();
  const ofJobs = { jobUid: { $in: jobs.map(({ _id }) => _id) } };
  const slot = { $in: [...new Set(jobs.map((job) => job.slot))] };
  const counts = await Promise.all([
    runs.countBy("jobUid", { ...ofJobs, standing: { $exists: true }, state: { $eq: "due" } }),
    runs.countBy("jobUid", { state: { $in: ["running", "retrying"] }, wakeAt: { $exists: true }, slot, ...ofJobs }),
  ]);
  return new Set(counts.flatMap((count) => Object.keys(count)));
}
