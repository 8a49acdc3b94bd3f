import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { evaluate } from "../../domain/evaluation.ts";
import { ATTEMPTS_KEPT_MAX, type Attempt, type AttemptState, type Run } from "../../domain/run.ts";
import type { AttemptError, RunError } from "../../domain/run-error.ts";
import type { EndedRun } from "../../domain/settlement.ts";
import { readAttemptError, readCancel, readError, readOutput, requireReadableRun } from "../../domain/stored-run.ts";
import { isRecord, isText, isTime, isWhole } from "../../domain/stored-value.ts";
import { RUN_STATE, runCauseOf, runStateOf } from "./codes.ts";
import { firstStartOf, type RunExtra } from "./open-run.ts";

/** The columns of a run and its job, in the order of `runRowOf`. */
export const RUN_COLUMNS = `runs.run_key, runs.run_id, runs.version, runs.cause, runs.scheduled_for, runs.state, runs.attempt, runs.started_at,
  runs.finished_at, runs.output, runs.error, runs.extra, runs.prev, runs.token, runs.traits_key, runs.owner_key, jobs.tenant, jobs.uid,
  jobs.id, jobs.slot`;

/** The same with null in place of the output, which is not read. */
export const COLUMNS_WITHOUT_OUTPUT = RUN_COLUMNS.replace("runs.output", "NULL");

/** What a run refers to by number, and many runs share. */
export interface RunNames {
  traitsOf(traitsKey: number): { readonly queue: string; readonly handler: string; readonly expireAfterMs: number | null };
  executorOf(ownerKey: number): string;
}

/** What is shown in place of a row that a run refers to and that is gone. */
export const UNKNOWN_TRAITS = { queue: "default", handler: "unknown", expireAfterMs: null };
export const UNKNOWN_EXECUTOR = "unknown";

/** A run's row with what stands in other rows. Output and error are JSON. */
export interface RunRow {
  readonly runKey: number;
  readonly runId: string;
  readonly version: number;
  readonly cause: number;
  readonly scheduledFor: number;
  readonly state: number;
  readonly attempt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly output: string | null;
  readonly error: string | null;
  readonly extra: RunExtra | null;
  /** What is kept as JSON in `extra` is none: it counts as empty. */
  readonly torn: boolean;
  readonly prev: number;
  readonly token: string | null;
  readonly executor: string | null;
  readonly tenantId: string;
  readonly jobUid: string;
  readonly jobId: string;
  readonly slot: number;
  readonly queue: string;
  readonly handler: string;
  readonly expireAfterMs: number | null;
}

/** What of the extra of a run can be read; the rest counts as absent, for a run with a torn extra is a run all the same. */
export function readExtra(text: SQLOutputValue | undefined): { readonly extra: RunExtra | null; readonly torn: boolean } {
  if (text === null || text === undefined) return { extra: null, torn: false };
  const read = evaluate(() => JSON.parse(String(text)) as unknown);
  if (read.kind === "not_evaluated" || !isRecord(read.value)) return { extra: null, torn: true };
  const fields = Object.entries(read.value);
  const right = fields.filter(([field, value]) => KINDS[field]?.(value) ?? true);
  if (right.length === fields.length) return { extra: read.value as RunExtra, torn: false };
  return { extra: Object.fromEntries(right) as RunExtra, torn: true };
}

const KINDS: Readonly<Record<string, (value: unknown) => boolean>> = {
  firedAt: isTime,
  dueAt: isTime,
  firstStartedAt: isTime,
  failures: isWhole,
  rescues: isWhole,
  wakeAt: isTime,
  waitMs: isTime,
  reason: isText,
  count: isWhole,
  scheduledForLast: isTime,
  retryOf: isText,
  attempts: Array.isArray,
} satisfies Partial<Record<keyof RunExtra, (value: unknown) => boolean>>;

/** From the values of `RUN_COLUMNS`. */
export function runRowOf(values: readonly SQLOutputValue[], names: RunNames): RunRow {
  const runId = values[1] as string;
  const ownerKey = values[15] as number | null;
  const { queue, handler, expireAfterMs } = names.traitsOf(values[14] as number);
  const { extra, torn } = readExtra(values[11]);
  return {
    runKey: values[0] as number,
    runId,
    version: values[2] as number,
    cause: values[3] as number,
    scheduledFor: values[4] as number,
    state: values[5] as number,
    attempt: values[6] as number,
    startedAt: values[7] as number | null,
    finishedAt: values[8] as number | null,
    output: values[9] as string | null,
    error: values[10] as string | null,
    extra,
    torn,
    prev: values[12] as number,
    token: values[13] as string | null,
    executor: ownerKey === null ? null : names.executorOf(ownerKey),
    tenantId: values[16] as string,
    jobUid: values[17] as string,
    jobId: values[18] as string,
    slot: values[19] as number,
    queue,
    handler,
    expireAfterMs,
  };
}

/** What both views of a run show. An output or error that cannot be read is one that says so. */
function commonOf(row: RunRow) {
  const { output, broken } = readOutput(row.output);
  const error = readOutput(row.error);
  return requireReadableRun({
    tenantId: row.tenantId,
    runId: row.runId,
    jobUid: row.jobUid,
    jobId: row.jobId,
    jobVersion: row.version,
    queue: row.queue,
    handler: row.handler,
    cause: runCauseOf(row.cause),
    scheduledFor: row.scheduledFor,
    count: row.extra?.count ?? 1,
    scheduledForLast: row.extra?.scheduledForLast ?? null,
    attempt: row.attempt,
    state: runStateOf(row.state),
    reason: row.extra?.reason ?? null,
    startedAt: row.startedAt,
    finishedAt: row.finishedAt,
    output,
    error: readError(error.output, broken || error.broken || row.torn),
  });
}

export function runOf(row: RunRow): Run {
  const common = commonOf(row);
  return {
    ...common,
    attempts: attemptsOf(row, common.error),
    firstStartedAt: firstStartOf(row),
    retryOf: row.extra?.retryOf ?? null,
    cancelRequested: row.extra?.cancelRequested ?? false,
    cancel: readCancel(row.extra?.cancel),
    wakeAt: wakeAtOf(row),
  };
}

export const endedRunOf = (row: RunRow): EndedRun => ({ ...commonOf(row), finishedAt: row.finishedAt ?? 0 });

/** The attempts that are over, and the one that runs or has ended the run. */
function attemptsOf(row: RunRow, error: RunError | null): readonly Attempt[] {
  const over = row.extra?.attempts ?? [];
  if (row.executor === null || row.startedAt === null) return over;
  const { attempt, startedAt, finishedAt, executor } = row;
  // Until it has ended the error of the run is that of the attempt before.
  const ownError = finishedAt === null ? null : withStack(error, row);
  const present: Attempt = { attempt, state: runStateOf(row.state) as AttemptState, startedAt, finishedAt, executor, error: ownError };
  return over.length === 0 ? [present] : [...over, present].slice(-ATTEMPTS_KEPT_MAX);
}

/** The error of a run stands in its row with the stack of the attempt that ended it. Most have none, and nothing is parsed again. */
const withStack = (error: RunError | null, row: RunRow): AttemptError | null =>
  error === null ? null : (readAttemptError(readOutput(row.error).output, false) ?? error);

/** A run that was never started is woken at its expiry too. */
function wakeAtOf({ extra, expireAfterMs, state, startedAt, scheduledFor }: RunRow): number | null {
  const wakeAt = extra?.wakeAt ?? null;
  if (expireAfterMs === null || state !== RUN_STATE.due || startedAt !== null) return wakeAt;
  const expiresAt = scheduledFor + expireAfterMs + 1;
  return wakeAt === null ? expiresAt : Math.min(wakeAt, expiresAt);
}

export const isEnded = ({ state }: RunRow): boolean => state >= RUN_STATE.succeeded;

/** Reads whole runs by key. */
export function openRunReader(db: DatabaseSync, names: RunNames, columns = RUN_COLUMNS): (runKey: number) => RunRow | null {
  const select = db.prepare(`SELECT ${columns} FROM runs JOIN jobs ON jobs.job_key = runs.job_key WHERE runs.run_key = ?`);
  select.setReturnArrays(true);
  return (runKey) => {
    const values = select.get(runKey) as unknown as readonly SQLOutputValue[] | undefined;
    return values === undefined ? null : runRowOf(values, names);
  };
}
