import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { AppError } from "../../domain/app-error.ts";
import type { JsonValue } from "../../domain/json.ts";
import { ATTEMPTS_KEPT_MAX, type Attempt, type AttemptState, type Run } from "../../domain/run.ts";
import type { RunError } from "../../domain/run-error.ts";
import type { EndedRun } from "../../domain/settlement.ts";
import { RUN_STATE, runCauseOf, runStateOf } from "./codes.ts";
import { firstStartOf, type RunExtra } from "./open-run.ts";

/** A run with what stands in other rows: read as one row, shown as a `Run` or an `EndedRun`. */
const RUN_COLUMNS = `runs.run_key, runs.run_id, runs.version, runs.cause, runs.scheduled_for, runs.state, runs.attempt, runs.started_at,
  runs.finished_at, runs.output, runs.error, runs.extra, runs.prev, runs.owner_key, runs.token, jobs.tenant, jobs.uid, jobs.id, jobs.slot,
  traits.queue, traits.handler, traits.expire_after_ms, owners.executor`;

const RUN_JOINS = `JOIN jobs ON jobs.job_key = runs.job_key
  JOIN definitions ON definitions.definition_key = runs.definition_key
  JOIN traits ON traits.traits_key = definitions.traits_key
  LEFT JOIN owners ON owners.owner_key = runs.owner_key`;

export const RUN_SELECT = `SELECT ${RUN_COLUMNS} FROM runs ${RUN_JOINS}`;
/** For lists that begin elsewhere and name the run's row. */
export const RUN_SELECT_COLUMNS = RUN_COLUMNS;
export const RUN_SELECT_JOINS = RUN_JOINS;

export type RunRow = Readonly<Record<string, SQLOutputValue>>;

const jsonOf = <Value>(text: SQLOutputValue | undefined, whose: SQLOutputValue | undefined): Value | null => {
  if (text === null || text === undefined) return null;
  try {
    return JSON.parse(String(text)) as Value;
  } catch (cause) {
    throw new AppError("store_corrupt", `run ${String(whose)}: its row cannot be read`, { cause });
  }
};

export const extraOf = (row: RunRow): RunExtra | null => jsonOf<RunExtra>(row["extra"], row["run_id"]);

export function runOf(row: RunRow): Run {
  const extra = extraOf(row);
  const state = runStateOf(row["state"] as number);
  const startedAt = row["started_at"] as number | null;
  return {
    tenantId: row["tenant"] as string,
    runId: row["run_id"] as string,
    jobUid: row["uid"] as string,
    jobId: row["id"] as string,
    jobVersion: row["version"] as number,
    handler: row["handler"] as string,
    queue: row["queue"] as string,
    cause: runCauseOf(row["cause"] as number),
    scheduledFor: row["scheduled_for"] as number,
    count: extra?.count ?? 1,
    scheduledForLast: extra?.scheduledForLast ?? null,
    state,
    reason: extra?.reason ?? null,
    attempt: row["attempt"] as number,
    attempts: attemptsOf(row, extra),
    firstStartedAt: firstStartOf({ extra, startedAt }),
    startedAt,
    finishedAt: row["finished_at"] as number | null,
    output: jsonOf<JsonValue>(row["output"], row["run_id"]),
    error: jsonOf<RunError>(row["error"], row["run_id"]),
    retryOf: extra?.retryOf ?? null,
    cancelRequested: extra?.cancelRequested ?? false,
    wakeAt: wakeAtOf(row, extra),
  };
}

/** A run that was never started is woken at its expiry too. */
function wakeAtOf(row: RunRow, extra: RunExtra | null): number | null {
  const wakeAt = extra?.wakeAt ?? null;
  const expireAfterMs = row["expire_after_ms"] as number | null;
  if (expireAfterMs === null || row["state"] !== RUN_STATE.due || row["started_at"] !== null) return wakeAt;
  const expiresAt = (row["scheduled_for"] as number) + expireAfterMs + 1;
  return wakeAt === null ? expiresAt : Math.min(wakeAt, expiresAt);
}

function attemptsOf(row: RunRow, extra: RunExtra | null): readonly Attempt[] {
  const over = extra?.attempts ?? [];
  if (row["owner_key"] === null) return over;
  const present: Attempt = {
    attempt: row["attempt"] as number,
    state: runStateOf(row["state"] as number) as AttemptState,
    startedAt: row["started_at"] as number,
    finishedAt: row["finished_at"] as number | null,
    executor: row["executor"] as string,
    error: jsonOf<RunError>(row["error"], row["run_id"]),
  };
  return [...over, present].slice(-ATTEMPTS_KEPT_MAX);
}

export function endedRunOf(row: RunRow): EndedRun {
  const extra = extraOf(row);
  return {
    tenantId: row["tenant"] as string,
    runId: row["run_id"] as string,
    jobUid: row["uid"] as string,
    jobId: row["id"] as string,
    jobVersion: row["version"] as number,
    queue: row["queue"] as string,
    handler: row["handler"] as string,
    cause: runCauseOf(row["cause"] as number),
    scheduledFor: row["scheduled_for"] as number,
    count: extra?.count ?? 1,
    scheduledForLast: extra?.scheduledForLast ?? null,
    attempt: row["attempt"] as number,
    state: runStateOf(row["state"] as number),
    reason: extra?.reason ?? null,
    startedAt: row["started_at"] as number | null,
    finishedAt: row["finished_at"] as number,
    output: jsonOf<JsonValue>(row["output"], row["run_id"]),
    error: jsonOf<RunError>(row["error"], row["run_id"]),
  };
}

export const isEndedRow = (row: RunRow): boolean => (row["state"] as number) >= RUN_STATE.succeeded;

/** Reads whole runs by key. */
export function openRunReader(db: DatabaseSync): (runKey: number) => RunRow | null {
  const select = db.prepare(`${RUN_SELECT} WHERE runs.run_key = ?`);
  return (runKey) => select.get(runKey) ?? null;
}
