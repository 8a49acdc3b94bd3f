import { AppError } from "../../../domain/app-error.ts";
import type { Job } from "../../../domain/job/job.ts";
import { type JobDefinition, readPriority } from "../../../domain/job/job-definition.ts";
import { statusOrder } from "../../../domain/job/status-change.ts";
import type { JobEvent } from "../../../events/job-event.ts";
import type { JobChange } from "../../../ports/jobs/job-catalog.ts";
import type { StoreContext } from "../context.ts";
import { IS_SEEN, type DefinedJobRow, SELECT_JOBS } from "./job-rows.ts";
import { query, toJson } from "../rows.ts";

export interface CreateAnswer {
  readonly kind: "created" | "exists";
  readonly row: DefinedJobRow | null;
}

/** The writes of the port `JobCatalog`, in rows. */
export interface JobCatalogRows {
  /** `row` null: it was created as requested. */
  create(tenantId: string, request: { readonly job: Job; readonly event: JobEvent }): CreateAnswer;
  /** Null: stale. */
  change(tenantId: string, change: JobChange): DefinedJobRow | null;
  addDefinition(tenantId: string, request: { jobUid: string; hash: string; definition: JobDefinition }): void;
}

/** Fields of the definition that the job's row repeats, for lists and fires. */
const toPolicyColumns = (definition: JobDefinition) => {
  const { name, tags, queue, handler, overlap, onUncertain, expireAfterMs } = definition;
  return [name, JSON.stringify(tags), queue, readPriority(definition), handler, overlap, onUncertain, expireAfterMs] as const;
};

export function openJobCatalog(context: StoreContext): JobCatalogRows {
  const { db, definitions } = context;
  const keys = query<{ jobKey: number; definitionKey: number }>(
    db,
    "SELECT job_key AS jobKey, definition_key AS definitionKey FROM jobs WHERE tenant_id = ? AND uid = ?",
  );
  return {
    create: openCreate(context),
    change: openChange(context),
    addDefinition(tenantId, { jobUid, hash, definition }) {
      const job = keys.get(tenantId, jobUid);
      if (job === undefined) return;
      const isOwn = definitions.find(job.jobKey, hash) === job.definitionKey;
      definitions.write(job.jobKey, { hash, definition, isOwn });
    },
  };
}

function openCreate({ db, definitions }: StoreContext): JobCatalogRows["create"] {
  const byUid = query<DefinedJobRow>(db, `${SELECT_JOBS} WHERE uid = ?`);
  const byId = query<DefinedJobRow>(db, `${SELECT_JOBS} WHERE tenant_id = ? AND id = ? AND ${IS_SEEN}`);
  const insert = db.prepare(
    `INSERT INTO jobs (uid, tenant_id, id, slot, version, state, next_run_at, last_scheduled_for, fired_count, misfires, status, status_order,
       last_run, definition_key, name, tags, queue, priority, handler, overlap, on_uncertain, expire_after_ms, created_at, updated_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const setDefinition = db.prepare("UPDATE jobs SET definition_key = ? WHERE job_key = ?");
  const addEvent = openAddEvent(db);
  return (tenantId, { job, event }) => {
    const known = byUid.get(job.uid);
    if (known !== undefined && known.tenantId !== tenantId) throw new AppError("internal", `create ${job.id}: its uid is another tenant's`);
    if (known !== undefined) return { kind: "created", row: known };
    const holder = byId.get(tenantId, job.id);
    if (holder !== undefined) return { kind: "exists", row: holder };
    const { uid, id, slot, version, state, nextRunAt, lastScheduledFor, firedCount, misfires, status, lastRun, definition } = job;
    const cursor = [version, state, nextRunAt, lastScheduledFor, firedCount, toJson(misfires)] as const;
    const shown = [status, lastRun === null ? null : statusOrder(lastRun), toJson(lastRun)] as const;
    const made = insert.run(uid, tenantId, id, slot, ...cursor, ...shown, ...toPolicyColumns(definition), job.createdAt, job.updatedAt);
    const jobKey = Number(made.lastInsertRowid);
    setDefinition.run(definitions.write(jobKey, { hash: job.definitionHash, definition, isOwn: true }), jobKey);
    addEvent(event);
    return { kind: "created", row: null };
  };
}

/** The next instant as readers see it: null if it cannot be read. */
const READ_NEXT_RUN_AT = `iif(next_run_at BETWEEN ${Number.MIN_SAFE_INTEGER} AND ${Number.MAX_SAFE_INTEGER}, next_run_at, NULL)`;

function openChange({ db, definitions }: StoreContext): JobCatalogRows["change"] {
  const byUid = query<DefinedJobRow>(db, `${SELECT_JOBS} WHERE uid = ?`);
  const standing = query<{ jobKey: number; definitionKey: number }>(
    db,
    `SELECT job_key AS jobKey, definition_key AS definitionKey FROM jobs
     WHERE tenant_id = ? AND uid = ? AND version = ? AND ${READ_NEXT_RUN_AT} IS ? AND state = ? AND ${IS_SEEN}`,
  );
  const update = db.prepare(
    `UPDATE jobs SET version = ?, state = ?, next_run_at = ?, last_scheduled_for = ?, fired_count = ?, misfires = ?, updated_at = ?
     WHERE job_key = ?`,
  );
  const define = db.prepare(
    `UPDATE jobs SET definition_key = ?, name = ?, tags = ?, queue = ?, priority = ?, handler = ?, overlap = ?, on_uncertain = ?, expire_after_ms = ?
     WHERE job_key = ?`,
  );
  const addEvent = openAddEvent(db);
  return (tenantId, { previous, next, event }) => {
    const { uid, version, nextRunAt, state } = previous;
    const found = standing.get(tenantId, uid, version, nextRunAt, state);
    if (found === undefined) return null;
    const { jobKey, definitionKey } = found;
    // Unchanged fields are not written: the value that was read may be a placeholder.
    if (next.definitionHash !== previous.definitionHash) {
      const written = definitions.write(jobKey, { hash: next.definitionHash, definition: next.definition, isOwn: true });
      if (written !== definitionKey) definitions.release(definitionKey);
      define.run(written, ...toPolicyColumns(next.definition), jobKey);
    }
    const cursor = [next.version, next.state, next.nextRunAt, next.lastScheduledFor, next.firedCount, toJson(next.misfires)] as const;
    update.run(...cursor, next.updatedAt, jobKey);
    addEvent(event);
    return byUid.get(uid) ?? null;
  };
}

function openAddEvent(db: StoreContext["db"]): (event: JobEvent) => void {
  const insert = db.prepare("INSERT INTO outbox (event_id, job_uid, slot, event) VALUES (?, ?, ?, ?)");
  return (event) => void insert.run(event.id, event.data.jobUid, event.data.slot, JSON.stringify(event));
}
