import { AppError } from "../../../domain/app-error.ts";
import type { Job } from "../../../domain/job.ts";
import { definitionHash } from "../../../domain/job-definition.ts";
import type { ChangeOutcome, CreateOutcome, JobCatalog, JobChange } from "../../../ports/job-catalog.ts";
import type { StoreContext } from "../context.ts";
import { LOOK_SOON } from "./definitions.ts";
import { jobReader } from "./due-jobs.ts";
import { listJobs } from "./job-list.ts";
import { definedPart, type JobRow, newJobRow } from "./job-row.ts";
import { completePending, unreadablePending } from "./pending-fires.ts";

/** Rounds of a write that others keep coming before; each of them wrote something meanwhile. */
const ROUNDS_MAX = 20;

export function createJobCatalog(context: StoreContext): JobCatalog {
  const { rows, digest, definitions } = context;
  const living = (tenantId: string, id: string) => ({ tenantId: { $eq: tenantId }, id: { $eq: id }, tombstone: { $eq: "" } });
  return {
    /** Most are new, so nobody looks first. What is written for one that is not is a definition nobody uses: sweeps forget it. */
    async create(tenantId, { job, event }) {
      for (let round = 0; round < ROUNDS_MAX; round += 1) {
        await definitions.add({ jobUid: job.uid, definitionHash: job.definitionHash }, job.definition);
        if ((await rows.jobs.insert([newJobRow(job, event)])).length === 0) return { kind: "created", job };
        // Two queries, each by its index: not every server takes two indexes for one `$or`.
        const found = await Promise.all([rows.jobs.find({ _id: { $eq: job.uid } }), rows.jobs.find(living(tenantId, job.id))]);
        if (found.flat().length > 0) return existing(context, { tenantId, job, found: found.flat() });
      }
      throw contended(`create job ${job.id}`);
    },
    async get(tenantId, jobId) {
      const [row] = await rows.jobs.find(living(tenantId, jobId));
      return row === undefined ? null : readOne(context, row);
    },
    async list(tenantId, query) {
      return listJobs(context, tenantId, query);
    },
    async change(tenantId, change) {
      if (change.previous.state === "deleted") return { kind: "stale" };
      for (let round = 0; round < ROUNDS_MAX; round += 1) {
        const outcome = await changeOnce(context, tenantId, change);
        if (outcome !== null) return outcome;
      }
      throw contended(`change job ${change.previous.id}`);
    },
    async addDefinition(tenantId, { jobUid, definition }) {
      const found = await rows.jobs.find({ _id: { $eq: jobUid }, tenantId: { $eq: tenantId } }, { fields: ["tenantId"] });
      if (found.length === 0) throw new AppError("internal", `add definition: no job ${jobUid}`);
      const hash = definitionHash(digest, definition);
      await definitions.add({ jobUid, definitionHash: hash }, definition);
      return hash;
    },
  };
}

const contended = (deed: string): AppError =>
  new AppError("store_unavailable", `${deed}: others wrote it ${ROUNDS_MAX} times meanwhile`, { retryable: true });

/** The job of this very uid, or else the one that has the id. */
async function existing(
  context: StoreContext,
  { tenantId, job, found }: { readonly tenantId: string; readonly job: Job; readonly found: readonly JobRow[] },
): Promise<CreateOutcome> {
  const same = found.find(({ _id }) => _id === job.uid);
  if (same !== undefined && same.tenantId !== tenantId) throw new AppError("internal", `create job ${job.id}: its uid is taken`);
  const stored = await readOne(context, same ?? (found[0] as JobRow));
  return { kind: same === undefined ? "exists" : "created", job: stored };
}

const readOne = async (context: StoreContext, row: JobRow): Promise<Job> => (await jobReader(context, [row]))(row);

/**
 * One try of an edit. It completes what is pending first, and writes only if no fire has put more there since: so no
 * pending fire ever meets another definition than the one it was made under. What is pending and cannot be read is never
 * made, and stands in no edit's way. Null: a fire has come; look again.
 */
async function changeOnce(context: StoreContext, tenantId: string, { previous, next, event }: JobChange): Promise<ChangeOutcome | null> {
  const { rows, definitions } = context;
  const asRead = {
    _id: { $eq: previous.uid },
    tenantId: { $eq: tenantId },
    id: { $eq: previous.id },
    version: { $eq: previous.version },
    nextRunAt: { $eq: previous.nextRunAt },
    state: { $eq: previous.state },
  };
  const [row] = await rows.jobs.find(asRead);
  if (row === undefined) return { kind: "stale" };
  await completePending(context, [row]);
  if (next.definitionHash !== row.definitionHash) {
    await definitions.add({ jobUid: previous.uid, definitionHash: next.definitionHash }, next.definition);
    await definitions.name([{ jobUid: previous.uid, definitionHash: row.definitionHash }], LOOK_SOON); // It may be left by all.
  }
  const changed = await rows.jobs.updateAndRead(
    { ...asRead, fireToken: { $eq: row.fireToken }, [`pending.${unreadablePending(row)}`]: { $exists: false } },
    { $set: { ...definedPart(next) }, $push: { outbox: event } },
  );
  return changed === null ? null : { kind: "changed", job: await readOne(context, changed) };
}
