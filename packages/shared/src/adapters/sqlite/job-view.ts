import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { AppError } from "../../domain/app-error.ts";
import type { Job, OpenMisfires } from "../../domain/job.ts";
import type { JobDefinition } from "../../domain/job-definition.ts";
import type { LastRun } from "../../domain/run.ts";
import type { RunError } from "../../domain/run-error.ts";
import { boundedCache } from "../../domain/schedule/bounded-cache.ts";
import { jobStateOf, runStateOf, statusOf } from "./codes.ts";

/** A job as one row of plain values, in this order: read as an array, which costs a third of an object per row. */
const JOB_COLUMNS = `jobs.tenant, jobs.uid, jobs.id, cursors.version, definitions.hash, definitions.body, jobs.slot, cursors.state,
  cursors.next_run_at, cursors.last_scheduled_for, cursors.fired_count, cursors.misfires, cursors.status, jobs.created_at,
  cursors.updated_at, cursors.last_run_id, cursors.last_state, cursors.last_scheduled, cursors.last_started_at,
  cursors.last_finished_at, cursors.last_attempt, cursors.last_error`;

const JOB_JOINS = `JOIN cursors ON cursors.job_key = jobs.job_key
  JOIN definitions ON definitions.definition_key = cursors.definition_key`;

export const JOB_SELECT = `SELECT ${JOB_COLUMNS} FROM jobs ${JOB_JOINS}`;

export type JobRow = readonly SQLOutputValue[];

/** The columns of a last run within a row that begins elsewhere. */
export const LAST_RUN_COLUMNS = 7;

const parse = <Value>(text: SQLOutputValue | undefined, whose: string): Value => {
  try {
    return JSON.parse(String(text)) as Value;
  } catch (cause) {
    throw new AppError("store_corrupt", `${whose}: its row cannot be read`, { cause });
  }
};

/** Definitions kept as they were read, and the longest one kept, in characters: 8 MB at most, mostly far less. */
const DEFINITIONS_MAX = 1_000;
const DEFINITION_LENGTH_MAX = 4_096;
const definitions = boundedCache<string, JobDefinition>(DEFINITIONS_MAX);

/** A hash names its definition for ever, so what was parsed once is handed out again: parsing is a third of a read. */
function definitionOf(hash: string, body: string, uid: string): JobDefinition {
  const known = definitions.get(hash);
  if (known !== undefined) return known;
  const definition = parse<JobDefinition>(body, `job ${uid}`);
  if (body.length <= DEFINITION_LENGTH_MAX) definitions.set(hash, definition);
  return definition;
}

export function jobOf(row: JobRow): Job {
  const uid = row[1] as string;
  return {
    tenantId: row[0] as string,
    uid,
    id: row[2] as string,
    version: row[3] as number,
    definitionHash: row[4] as string,
    definition: definitionOf(row[4] as string, row[5] as string, uid),
    slot: row[6] as number,
    state: jobStateOf(row[7] as number),
    nextRunAt: row[8] as number | null,
    lastScheduledFor: row[9] as number | null,
    firedCount: row[10] as number,
    misfires: row[11] === null ? null : parse<OpenMisfires>(row[11], `job ${uid}`),
    status: statusOf(row[12] as number),
    lastRun: lastRunOf(row.slice(15)),
    createdAt: row[13] as number,
    updatedAt: row[14] as number,
  };
}

/** From the columns of a last run. */
export function lastRunOf(row: JobRow): LastRun | null {
  const runId = row[0];
  if (typeof runId !== "string") return null;
  return {
    runId,
    state: runStateOf(row[1] as number),
    scheduledFor: row[2] as number,
    startedAt: row[3] as number | null,
    finishedAt: row[4] as number | null,
    attempt: row[5] as number,
    error: row[6] === null ? null : parse<RunError>(row[6], `last run ${runId}`),
  };
}

/** Reads whole jobs by key. */
export function openJobReader(db: DatabaseSync): (jobKey: number) => JobRow | null {
  const select = db.prepare(`${JOB_SELECT} WHERE jobs.job_key = ?`);
  select.setReturnArrays(true);
  return (jobKey) => (select.get(jobKey) as unknown as JobRow | undefined) ?? null;
}
