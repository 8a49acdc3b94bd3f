import type { Job } from "../../../domain/job/job.ts";
import type { DueJobs } from "../../../ports/jobs/due-jobs.ts";
import { mapReadable } from "../../../runtime/batch/map-readable.ts";
import { type ReadablePart, readEnough } from "../../../runtime/batch/read-enough.ts";
import type { StoreContext } from "../context.ts";
import type { ReadHow } from "./definitions.ts";
import { fireAll } from "./fires.ts";
import { type JobRow, toJob } from "./job-row.ts";
import { completePending, readablePending } from "./pending-fires.ts";
import { behindPosition } from "../collections/position.ts";
import { withIds } from "../collections/rows.ts";
import { inShardQuery } from "../runs/run-changes.ts";

/** Most pages of jobs that one repair reads: more than one only if no run was missing, or none could be made. */
const REPAIR_PAGES_MAX = 10;

export function createDueJobs(context: StoreContext): DueJobs {
  const { jobs } = context.rows;
  return {
    upcoming({ shard, until, after, limit: jobsMax }) {
      const behind = after === null ? {} : behindPosition("nextRunAt", { value: after.nextRunAt, id: after.uid }, "$gt");
      return readEnough(jobsMax, async (limit) => {
        const nextRunAt = { $gte: after?.nextRunAt ?? Number.MIN_SAFE_INTEGER, $lte: until ?? Number.MAX_SAFE_INTEGER };
        const due = { state: { $eq: "active" }, nextRunAt, ...inShardQuery(shard), ...behind };
        return readBack(context, await jobs.find(due, { sort: { nextRunAt: 1, _id: 1 }, limit }));
      });
    },
    async read(jobUids) {
      return (await readBack(context, await jobs.find({ ...withIds(jobUids), state: { $ne: "deleted" } }))).items;
    },
    async fire({ fires, now, claimant }) {
      return { outcomes: await fireAll(context, fires, now), leaseMs: claimant?.leaseMs ?? null };
    },
    async repair({ shard, firedBefore, limit }) {
      // Not in the order of the entries' ages, by which MongoDB would sort all jobs that have any: no index of an array's entries has it. What is
      // completed is not read again, so each page is a new one; jobs that stay pending are excluded, so that they do not hide others.
      const filter = { ...readablePending(firedBefore), ...inShardQuery(shard) };
      const left: string[] = [];
      let repaired = 0;
      for (let pages = 0; pages < REPAIR_PAGES_MAX && repaired < limit; pages += 1) {
        const others = left.length === 0 ? {} : { _id: { $nin: left } };
        const found = await jobs.find({ ...filter, ...others }, { limit });
        const completed = await completePending(context, found);
        repaired += completed.repaired.size;
        left.push(...completed.left);
        if (found.length < limit) break;
      }
      return repaired;
    },
  };
}

async function readBack(context: StoreContext, rows: readonly JobRow[]): Promise<ReadablePart<Job>> {
  await completePending(context, rows);
  const map = await openJobReader(context, rows);
  return { items: mapReadable(rows, { kind: "job", idOf: ({ _id }) => _id, map, onUnreadable: context.onUnreadable }), met: rows.length };
}

/** Reads the definitions of all these rows, and makes jobs of them: see `toJob`. */
export async function openJobReader(
  { definitions }: Pick<StoreContext, "definitions">,
  rows: readonly JobRow[],
  how?: ReadHow,
): Promise<(row: JobRow) => Job> {
  const keys = rows.map(({ _id, definitionHash }) => ({ jobUid: _id, definitionHash }));
  const readDefinition = await definitions.read(keys, how);
  return (row) => toJob(row, readDefinition({ jobUid: row._id, definitionHash: row.definitionHash }));
}
