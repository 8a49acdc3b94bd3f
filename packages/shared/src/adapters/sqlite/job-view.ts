import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { evaluate } from "../../domain/evaluation.ts";
import type { Job, JobStatusName, OpenMisfires } from "../../domain/job.ts";
import type { LastRun } from "../../domain/run.ts";
import type { RunError } from "../../domain/run-error.ts";
import { type KnownOfDefinition, readDefinitionText, standInDefinition, type StoredDefinition } from "../../domain/stored-definition.ts";
import { checkedJob } from "../../domain/stored-job.ts";
import { jobStateOf, runStateOf, statusOf } from "./codes.ts";

/** A job as one row of plain values, in this order: read as an array, which costs a third of an object per row. */
export const JOB_COLUMNS = `jobs.tenant, jobs.uid, jobs.id, jobs.slot, jobs.created_at, cursors.version, cursors.state, cursors.next_run_at,
  cursors.last_scheduled_for, cursors.fired_count, cursors.misfires, cursors.status, cursors.updated_at, cursors.last_run_id,
  cursors.last_state, cursors.last_scheduled, cursors.last_started_at, cursors.last_finished_at, cursors.last_attempt, cursors.last_error`;
/** Where the last run begins among them, and what comes behind them all. */
export const LAST_RUN_PLACE = 13;
export const JOB_COLUMNS_COUNT = 20;

export const JOB_JOIN = "JOIN cursors ON cursors.job_key = jobs.job_key";

export type JobRow = readonly SQLOutputValue[];

export interface NamedDefinition {
  /** Empty where the row of the definition is gone. */
  readonly hash: string;
  readonly stored: StoredDefinition;
}

/** Throws `store_corrupt` where nobody could write the job back; of what else cannot be read the job says so itself. */
export function jobOf(row: JobRow, { hash, stored }: NamedDefinition, known?: () => KnownOfDefinition): Job {
  const id = row[2] as string;
  const status = statusOf(row[11] as number) as JobStatusName; // Undefined where it cannot be read, which `checkedJob` finds.
  return checkedJob(
    {
      tenantId: row[0] as string,
      uid: row[1] as string,
      id,
      version: row[5] as number,
      definitionHash: hash,
      definition:
        stored.kind === "read" ? stored.definition : standInDefinition(known?.() ?? { name: id, handler: "unknown", queue: "default" }),
      slot: row[3] as number,
      state: jobStateOf(row[6] as number),
      nextRunAt: row[7] as number | null,
      lastScheduledFor: row[8] as number | null,
      firedCount: row[9] as number,
      misfires: row[10] === null ? null : misfiresOf(row[10] as string),
      status,
      lastRun: lastRunOf(row, LAST_RUN_PLACE),
      createdAt: row[4] as number,
      updatedAt: row[12] as number,
    },
    stored,
  );
}

/** What cannot be read is undefined, which `checkedJob` finds. */
function misfiresOf(text: string): OpenMisfires {
  const found = evaluate(() => JSON.parse(text) as OpenMisfires);
  return (found.kind === "evaluated" ? found.value : undefined) as OpenMisfires;
}

/** From seven columns of a row, from `place` on. Null: there is none, or none that can be read; the next one takes its place. */
export function lastRunOf(row: JobRow, place: number): LastRun | null {
  const runId = row[place];
  if (typeof runId !== "string") return null;
  const error = row[place + 6] as string | null;
  const read = evaluate(() => ({
    runId,
    state: runStateOf(row[place + 1] as number),
    scheduledFor: row[place + 2] as number,
    startedAt: row[place + 3] as number | null,
    finishedAt: row[place + 4] as number | null,
    attempt: row[place + 5] as number,
    error: error === null ? null : (JSON.parse(error) as RunError),
  }));
  return read.kind === "evaluated" ? read.value : null;
}

/** A row with the hash and the text of its definition behind it, as it crosses to the other thread. */
export const wholeJobOf = (row: JobRow): Job =>
  jobOf(row, {
    hash: (row[JOB_COLUMNS_COUNT] as string | null) ?? "",
    stored: readDefinitionText(row[JOB_COLUMNS_COUNT + 1]),
  });

/** Reads whole jobs by key. */
export function openJobReader(db: DatabaseSync): (jobKey: number) => JobRow | null {
  const select = db.prepare(
    `SELECT ${JOB_COLUMNS}, definitions.hash, definitions.body FROM jobs ${JOB_JOIN}
     LEFT JOIN definitions ON definitions.definition_key = cursors.definition_key WHERE jobs.job_key = ?`,
  );
  select.setReturnArrays(true);
  return (jobKey) => (select.get(jobKey) as unknown as JobRow | undefined) ?? null;
}
