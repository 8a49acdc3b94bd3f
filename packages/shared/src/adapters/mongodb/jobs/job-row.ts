import { z } from "zod";
import type { FireEntry } from "../../../domain/fire/fire.ts";
import { type Instant, InstantSchema } from "../../../domain/time/instant.ts";
import { JobRecordSchema, pickJobRecord, type Job } from "../../../domain/job/job.ts";
import { readKnownParts, type KnownOfDefinition, type StoredDefinition } from "../../../domain/job/stored-definition.ts";
import { checkedJob, usableDefinition } from "../../../domain/job/stored-job.ts";
import { statusOrder } from "../../../domain/job/status-change.ts";
import type { JobEvent } from "../../../events/job-event.ts";
import { rowSchema } from "../collections/row-schema.ts";

/** A fire that has advanced its job and whose run is not yet known to exist. */
export interface PendingFire extends Omit<FireEntry, "definitionHash"> {
  /** Of the batch that won it. */
  readonly token: string;
  /** Null: the one of the job, which no edit changes before all that is pending is seen to exist. Equal fires so are equal. */
  readonly definitionHash: string | null;
  readonly jobVersion: number;
  readonly firedAt: Instant;
}

/** Entries that may be pending in one job; a fire that would put more there loses. */
export const PENDING_MAX = 64;

const { uid: _uid, ...job } = JobRecordSchema.shape;

/** A job without its definition, which is a row of its own: every fire rewrites the job row, so it stays small. */
const JobRowSchema = z.object({
  _id: z.string(),
  ...job,
  /** Empty until the job is deleted, then its uid: one id has one job that is not deleted, and any number of tombstones. */
  tombstone: z.string(),
  deletedAt: InstantSchema.optional(),
  /** Of `lastRun`, empty before the first: what a status change compares. */
  statusOrder: z.string(),
  /** Fields for lists, copied from the definition. The name is in lower case. */
  nameFolded: z.string(),
  tags: z.array(z.string()).readonly(),
  handler: z.string(),
  queue: z.string(),
  /** Of the latest fire: a write that must know that nothing was put into `pending` since the row was read compares it. */
  fireToken: z.string(),
  pending: z.array(z.custom<PendingFire>()).readonly(),
  outbox: z.array(z.custom<JobEvent>()).readonly(),
});
export type JobRow = Readonly<z.output<typeof JobRowSchema>>;
export const jobSchema = rowSchema("jobs", JobRowSchema);

/** The fields that a write of the definition sets: all but status, which belongs to the projection. */
export function definedPart(job: Job) {
  const { tenantId: _tenantId, uid, id: _id, status: _status, lastRun: _lastRun, ...defined } = pickJobRecord(job);
  const { name, tags, handler, queue } = job.definition;
  const isDeleted = job.state === "deleted";
  return {
    ...defined,
    tombstone: isDeleted ? uid : "",
    ...(isDeleted ? { deletedAt: job.updatedAt } : {}),
    nameFolded: name.toLowerCase(),
    tags,
    handler,
    queue,
  };
}

export function newJobRow(job: Job, event: JobEvent): JobRow {
  const { uid, ...record } = pickJobRecord(job);
  return {
    _id: uid,
    ...record,
    ...definedPart(job),
    statusOrder: job.lastRun === null ? "" : statusOrder(job.lastRun),
    fireToken: "",
    pending: [],
    outbox: [event],
  };
}

/** Throws `store_corrupt` if the job could not be written back; other unreadable parts are named in the job. */
export const toJob = (row: JobRow, stored: StoredDefinition): Job =>
  checkedJob({ ...pickJobRecord({ ...row, uid: row._id }), definition: usableDefinition(stored, () => readKnown(row)) }, stored);

/** The known parts of an unreadable definition, from the job's row. */
export const readKnown = ({ id, nameFolded, handler, queue, tags }: JobRow): KnownOfDefinition =>
  readKnownParts({ name: nameFolded, handler, queue, tags }, { name: id, handler: "unknown", queue: "default" });
