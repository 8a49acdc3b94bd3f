import { Schema } from "mongoose";
import type { FireEntry } from "../../domain/fire.ts";
import type { Instant } from "../../domain/instant.ts";
import type { Job } from "../../domain/job.ts";
import { knownOf, type KnownOfDefinition, type StoredDefinition } from "../../domain/stored-definition.ts";
import { checkedJob, usableDefinition } from "../../domain/stored-job.ts";
import { statusOrder } from "../../domain/status-change.ts";
import type { JobEvent } from "../../events/job-event.ts";

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

/** A job without its definition, which is a row of its own: what every fire rewrites stays small. */
export interface JobRow extends Omit<Job, "uid" | "definition"> {
  readonly _id: string;
  /** Empty while the job lives, then its uid: so one id has one living job, and its tombstones do not count. */
  readonly tombstone: string;
  readonly deletedAt?: Instant | undefined;
  /** Of `lastRun`, empty before the first: what a status change compares. */
  readonly statusOrder: string;
  /** What lists ask for, copied from the definition. The name is in lower case. */
  readonly nameFolded: string;
  readonly tags: readonly string[];
  readonly handler: string;
  readonly queue: string;
  /** Of the latest fire: whoever wants to be sure that nothing was put into `pending` since it looked compares it. */
  readonly fireToken: string;
  readonly pending: readonly PendingFire[];
  readonly outbox: readonly JobEvent[];
}

const { Mixed } = Schema.Types;
const stored = { versionKey: false, minimize: false, strict: "throw", autoIndex: false, autoCreate: false } as const;

export const jobSchema = new Schema(
  {
    _id: String,
    tenantId: String,
    id: String,
    tombstone: String,
    deletedAt: Number,
    version: Number,
    definitionHash: String,
    slot: Number,
    state: String,
    nextRunAt: Number,
    lastScheduledFor: Number,
    firedCount: Number,
    misfires: Mixed,
    status: String,
    lastRun: Mixed,
    statusOrder: String,
    createdAt: Number,
    updatedAt: Number,
    nameFolded: String,
    tags: [String],
    handler: String,
    queue: String,
    fireToken: String,
    pending: [Mixed],
    outbox: [Mixed],
  },
  { ...stored, collection: "jobs" },
);

/** The fields that a write of the definition decides: all but status, which is the projection's. */
export const definedPart = ({ uid, state, definition, ...job }: Job) => ({
  version: job.version,
  definitionHash: job.definitionHash,
  slot: job.slot,
  state,
  nextRunAt: job.nextRunAt,
  lastScheduledFor: job.lastScheduledFor,
  firedCount: job.firedCount,
  misfires: job.misfires,
  createdAt: job.createdAt,
  updatedAt: job.updatedAt,
  tombstone: state === "deleted" ? uid : "",
  ...(state === "deleted" ? { deletedAt: job.updatedAt } : {}),
  nameFolded: definition.name.toLowerCase(),
  tags: definition.tags,
  handler: definition.handler,
  queue: definition.queue,
});

export const newJobRow = (job: Job, event: JobEvent): JobRow => ({
  _id: job.uid,
  tenantId: job.tenantId,
  id: job.id,
  ...definedPart(job),
  status: job.status,
  lastRun: job.lastRun,
  statusOrder: job.lastRun === null ? "" : statusOrder(job.lastRun),
  fireToken: "",
  pending: [],
  outbox: [event],
});

/** Throws `store_corrupt` where nobody could write the job back; of what else cannot be read the job says so itself. */
export const jobOf = (row: JobRow, stored: StoredDefinition): Job =>
  checkedJob(
    {
      tenantId: row.tenantId,
      uid: row._id,
      id: row.id,
      version: row.version,
      definitionHash: row.definitionHash,
      definition: usableDefinition(stored, () => knownOfRow(row)),
      slot: row.slot,
      state: row.state,
      nextRunAt: row.nextRunAt,
      lastScheduledFor: row.lastScheduledFor,
      firedCount: row.firedCount,
      misfires: row.misfires,
      status: row.status,
      lastRun: row.lastRun,
      createdAt: row.createdAt,
      updatedAt: row.updatedAt,
    },
    stored,
  );

/** What its row tells of a definition that cannot be read. */
export const knownOfRow = ({ id, nameFolded, handler, queue, tags }: JobRow): KnownOfDefinition =>
  knownOf({ name: nameFolded, handler, queue, tags }, { name: id, handler: "unknown", queue: "default" });
