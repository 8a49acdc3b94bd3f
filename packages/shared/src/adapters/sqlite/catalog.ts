import { AppError } from "../../domain/app-error.ts";
import type { Job } from "../../domain/job.ts";
import type { JobDefinition } from "../../domain/job-definition.ts";
import type { JobEvent } from "../../events/job-event.ts";
import { readDefinitionText } from "../../domain/stored-definition.ts";
import { JOB_STATE, RUN_STATE, statusCode } from "./codes.ts";
import { stateRank } from "../../domain/run-state.ts";
import type { Core } from "./core.ts";
import { openDefinitionKeys } from "./definition-keys.ts";
import { belongsTo, changeJob, newJobKey, putJob } from "./job-table.ts";
import { wholeJobOf } from "./job-view.ts";
import type { Outbox } from "./outbox.ts";
import { refusal } from "./refusal.ts";
import type { Traits } from "./traits.ts";

/** A definition as text, made once on the way in, and what the store itself must know of it. */
export interface DefinitionText {
  readonly hash: string;
  readonly body: string;
  readonly queue: string;
  readonly handler: string;
  readonly expireAfterMs: number | null;
  readonly overlap: Traits["overlap"];
  readonly onUncertain: Traits["onUncertain"];
}

export const definitionText = (hash: string, definition: JobDefinition): DefinitionText => ({
  hash,
  body: JSON.stringify(definition),
  queue: definition.queue,
  handler: definition.handler,
  expireAfterMs: definition.expireAfterMs,
  overlap: definition.overlap,
  onUncertain: definition.onUncertain,
});

export type JobWithoutDefinition = Omit<Job, "definition">;

export interface CreateRequest {
  readonly tenantId: string;
  readonly job: JobWithoutDefinition;
  readonly definition: DefinitionText;
  readonly event: JobEvent;
}

export interface ChangeRequest {
  readonly tenantId: string;
  readonly previous: Pick<Job, "uid" | "version" | "nextRunAt" | "state">;
  readonly next: JobWithoutDefinition;
  /** Null: the one it has stays. */
  readonly definition: DefinitionText | null;
  readonly event: JobEvent;
}

/** `job` null: it was created as it was given. */
export type CreateAnswer = { readonly kind: "created" | "exists"; readonly job: Job | null };
export type ChangeAnswer = { readonly kind: "changed"; readonly job: Job } | { readonly kind: "stale" };

export interface Catalog {
  create(request: CreateRequest): CreateAnswer;
  change(request: ChangeRequest): ChangeAnswer;
  addDefinition(request: { readonly tenantId: string; readonly jobUid: string; readonly definition: DefinitionText }): void;
}

interface DefinitionKeys {
  readonly definitionKey: number;
  readonly traitsKey: number;
}

/** Finds or writes definition rows. They never change, but for one that was damaged: writing it again mends it. */
function openDefinitions(core: Core): (jobKey: number, definition: DefinitionText) => DefinitionKeys {
  const { db, traits, spare } = core;
  const nextKey = openDefinitionKeys(core);
  const select = db.prepare("SELECT definition_key, traits_key, body FROM definitions WHERE job_key = ? AND hash = ?");
  const mend = db.prepare("UPDATE definitions SET body = ? WHERE definition_key = ?");
  const insert = db.prepare("INSERT INTO definitions (definition_key, job_key, hash, traits_key, body) VALUES (?, ?, ?, ?, ?)");
  return (jobKey, { hash, body, ...rest }) => {
    const row = select.get(jobKey, hash);
    if (row !== undefined) {
      const keys = { definitionKey: row["definition_key"] as number, traitsKey: row["traits_key"] as number };
      spare.delete(keys.definitionKey);
      if (row["body"] !== body && readDefinitionText(row["body"]).kind === "unreadable") mend.run(body, keys.definitionKey);
      return keys;
    }
    const keys = { definitionKey: nextKey(), traitsKey: traits.intern(rest).traitsKey };
    insert.run(keys.definitionKey, jobKey, hash, keys.traitsKey, body);
    return keys;
  };
}

function openJobRows({ db }: Core) {
  const named = db.prepare(
    `SELECT jobs.job_key FROM jobs JOIN cursors ON cursors.job_key = jobs.job_key
     WHERE tenant = ? AND id = ? AND state < ${JOB_STATE.deleted}`,
  );
  const insertJob = db.prepare("INSERT INTO jobs (job_key, uid, tenant, id, slot, created_at) VALUES (?, ?, ?, ?, ?, ?)");
  const insertCursor = db.prepare(
    `INSERT INTO cursors (job_key, version, state, definition_key, traits_key, updated_at, next_run_at, last_scheduled_for, fired_count,
       misfires, head, status, last_run_id, last_state, last_rank, last_scheduled, last_started_at, last_finished_at, last_attempt, last_error)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const updateCursor = db.prepare(
    `UPDATE cursors SET version = ?, state = ?, definition_key = ?, traits_key = ?, updated_at = ?, next_run_at = ?,
       last_scheduled_for = ?, fired_count = ?, misfires = ? WHERE job_key = ?`,
  );
  const cursorOf = (job: JobWithoutDefinition, { definitionKey, traitsKey }: DefinitionKeys) =>
    [
      job.version,
      JOB_STATE[job.state],
      definitionKey,
      traitsKey,
      job.updatedAt,
      job.nextRunAt,
      job.lastScheduledFor,
      job.firedCount,
      job.misfires === null ? null : JSON.stringify(job.misfires),
    ] as const;
  return {
    keyNamed: (tenantId: string, id: string): number => Number(named.get(tenantId, id)?.["job_key"] ?? 0),
    insert(jobKey: number, job: JobWithoutDefinition, keys: DefinitionKeys): void {
      insertJob.run(jobKey, job.uid, job.tenantId, job.id, job.slot, job.createdAt);
      insertCursor.run(jobKey, ...cursorOf(job, keys), statusCode(job.status), ...lastRunColumns(job.lastRun));
    },
    update: (jobKey: number, job: JobWithoutDefinition, keys: DefinitionKeys): void =>
      void updateCursor.run(...cursorOf(job, keys), jobKey),
  };
}

function lastRunColumns(lastRun: Job["lastRun"]) {
  if (lastRun === null) return [null, null, null, null, null, null, null, null] as const;
  const { runId, state, scheduledFor, startedAt, finishedAt, attempt, error } = lastRun;
  const text = error === null ? null : JSON.stringify(error);
  return [runId, RUN_STATE[state], stateRank(state), scheduledFor, startedAt, finishedAt, attempt, text] as const;
}

const columnsOf = (job: JobWithoutDefinition, keys: DefinitionKeys) => ({
  ...keys,
  nextRunAt: job.nextRunAt,
  version: job.version,
  state: JOB_STATE[job.state],
});

export function openCatalog(core: Core, outbox: Outbox): Catalog {
  const { jobs, due } = core;
  const definitions = openDefinitions(core);
  const rows = openJobRows(core);
  const read = (jobKey: number): Job => {
    const row = core.readJob(jobKey);
    if (row === null) throw new AppError("store_corrupt", `job ${jobs.uids.uidOf(jobKey)}: its row is gone`);
    return wholeJobOf(row);
  };
  return {
    create({ tenantId, job, definition, event }) {
      const known = jobs.uids.find(job.uid);
      if (known !== 0) {
        if (belongsTo(jobs, known, tenantId)) return { kind: "created", job: read(known) };
        throw refusal("internal", `create ${job.id}: its uid is another tenant's`);
      }
      const holder = rows.keyNamed(tenantId, job.id);
      if (holder !== 0) return { kind: "exists", job: read(holder) };
      const jobKey = newJobKey(jobs);
      const keys = definitions(jobKey, definition);
      rows.insert(jobKey, job, keys);
      putJob(jobs, jobKey, { ...columnsOf(job, keys), uid: job.uid, tenantId, slot: job.slot, head: 0, headAt: null });
      due.moved(jobKey);
      outbox.add(event, job.slot);
      return { kind: "created", job: null };
    },
    change({ tenantId, previous, next, definition, event }) {
      const jobKey = jobs.uids.find(previous.uid);
      if (jobKey === 0 || !belongsTo(jobs, jobKey, tenantId) || !standsAs(core, jobKey, previous)) return { kind: "stale" };
      const keys = definition === null ? keysOf(jobs, jobKey) : definitions(jobKey, definition);
      rows.update(jobKey, next, keys);
      changeJob(jobs, jobKey, columnsOf(next, keys));
      due.moved(jobKey);
      outbox.add(event, jobs.slot[jobKey] as number);
      return { kind: "changed", job: read(jobKey) };
    },
    addDefinition({ tenantId, jobUid, definition }) {
      const jobKey = jobs.uids.find(jobUid);
      if (jobKey !== 0 && belongsTo(jobs, jobKey, tenantId)) definitions(jobKey, definition);
    },
  };
}

const keysOf = ({ definitionKey, traitsKey }: Core["jobs"], jobKey: number): DefinitionKeys => ({
  definitionKey: definitionKey[jobKey] as number,
  traitsKey: traitsKey[jobKey] as number,
});

function standsAs({ jobs }: Core, jobKey: number, { version, nextRunAt, state }: ChangeRequest["previous"]): boolean {
  const stored = jobs.nextRunAt[jobKey] as number;
  return (
    jobs.version[jobKey] === version &&
    state !== "deleted" &&
    jobs.state[jobKey] === JOB_STATE[state] &&
    (nextRunAt === null ? Number.isNaN(stored) : stored === nextRunAt)
  );
}
