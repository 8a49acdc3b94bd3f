import { AppError } from "../../../domain/app-error.ts";
import type { Job } from "../../../domain/job/job.ts";
import { definitionHash } from "../../../domain/job/job-definition.ts";
import type { ChangeOutcome, CreateOutcome, JobCatalog, JobChange } from "../../../ports/jobs/job-catalog.ts";
import { equal } from "../collections/rows.ts";
import type { StoreContext } from "../context.ts";
import { inRounds } from "../in-rounds.ts";
import { LOOK_SOON } from "./definitions.ts";
import { openJobReader } from "./due-jobs.ts";
import { listJobs } from "./job-list.ts";
import { definedPart, type JobRow, newJobRow } from "./job-row.ts";
import { completePending, unreadablePending } from "./pending-fires.ts";

export function createJobCatalog(context: StoreContext): JobCatalog {
  const { rows, digest, definitions } = context;
  const living = (tenantId: string, id: string) => equal({ tenantId, id, tombstone: "" });
  return {
    /** Most jobs are new, so nothing is read first. If the job exists, the definition is written and not used: sweeps delete it. */
    create(tenantId, { job, event }) {
      return inRounds(`create job ${job.id}`, async () => {
        await definitions.add({ jobUid: job.uid, definitionHash: job.definitionHash }, job.definition);
        if ((await rows.jobs.insert([newJobRow(job, event)])).length === 0) return { kind: "created", job };
        // Two queries, each by its index: not every server takes two indexes for one `$or`.
        const found = await Promise.all([rows.jobs.find({ _id: { $eq: job.uid } }), rows.jobs.find(living(tenantId, job.id))]);
        return found.flat().length === 0 ? null : existing(context, { tenantId, job, found: found.flat() });
      });
    },
    async get(tenantId, jobId) {
      const [row] = await rows.jobs.find(living(tenantId, jobId));
      return row === undefined ? null : readJob(context, row);
    },
    list: (tenantId, query) => listJobs(context, tenantId, query),
    async change(tenantId, change) {
      if (change.previous.state === "deleted") return { kind: "stale" };
      return inRounds(`change job ${change.previous.id}`, () => changeOnce(context, tenantId, change));
    },
    async addDefinition(tenantId, { jobUid, definition }) {
      const found = await rows.jobs.find(equal({ _id: jobUid, tenantId }), { fields: ["tenantId"] });
      if (found.length === 0) throw new AppError("internal", `add definition: no job ${jobUid}`);
      const hash = definitionHash(digest, definition);
      await definitions.add({ jobUid, definitionHash: hash }, definition);
      return hash;
    },
  };
}

/** The job of this uid, or else the one with the id. */
async function existing(
  context: StoreContext,
  { tenantId, job, found }: { readonly tenantId: string; readonly job: Job; readonly found: readonly JobRow[] },
): Promise<CreateOutcome> {
  const same = found.find(({ _id }) => _id === job.uid);
  if (same !== undefined && same.tenantId !== tenantId) throw new AppError("internal", `create job ${job.id}: its uid is taken`);
  const stored = await readJob(context, same ?? (found[0] as JobRow));
  return { kind: same === undefined ? "exists" : "created", job: stored };
}

const readJob = async (context: StoreContext, row: JobRow): Promise<Job> => (await openJobReader(context, [row]))(row);

/**
 * One try of an edit. It first completes pending fires, and writes only if no fire has added more since: so every
 * pending fire uses the definition it was made under. Unreadable pending fires are never
 * completed, and do not prevent an edit. Null: a fire was quicker; try again.
 */
async function changeOnce(context: StoreContext, tenantId: string, { previous, next, event }: JobChange): Promise<ChangeOutcome | null> {
  const { rows, definitions } = context;
  const { uid: _id, id, version, state } = previous;
  const asRead = { ...equal({ _id, tenantId, id, version, state }), nextRunAt: { $eq: previous.nextRunAt } };
  const [row] = await rows.jobs.find(asRead);
  if (row === undefined) return { kind: "stale" };
  await completePending(context, [row]);
  if (next.definitionHash !== row.definitionHash) {
    await definitions.add({ jobUid: previous.uid, definitionHash: next.definitionHash }, next.definition);
    await definitions.name([{ jobUid: previous.uid, definitionHash: row.definitionHash }], LOOK_SOON); // Perhaps nothing uses it any more.
  }
  const changed = await rows.jobs.updateAndRead(
    { ...asRead, fireToken: { $eq: row.fireToken }, [`pending.${unreadablePending(row)}`]: { $exists: false } },
    { $set: { ...definedPart(next) }, $push: { outbox: event } },
  );
  return changed === null ? null : { kind: "changed", job: await readJob(context, changed) };
}
