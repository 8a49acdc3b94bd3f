import { AppError } from "../app-error.ts";
import { CANCEL_KINDS, type RunCancel } from "./cancel.ts";
import { evaluate } from "../evaluation.ts";
import type { JsonValue } from "../json/json.ts";
import { RUN_CAUSES, type Run } from "./run.ts";
import { RUN_STATES } from "./run-state.ts";
import { attemptError, runError, type AttemptError, type RunError } from "./run-error.ts";
import { isRecord, isText, isTime, isTimeOrNull, isWhole } from "../json/stored-value.ts";

type Named = Pick<
  Run,
  "runId" | "jobUid" | "jobId" | "tenantId" | "cause" | "state" | "scheduledFor" | "attempt" | "startedAt" | "finishedAt"
>;

/** Throws `store_corrupt` when the id or the outcome of the run cannot be read. Other parts may be missing. */
export function requireReadableRun<Row extends Named>(run: Row): Row {
  if (!isText(run.runId) || !isText(run.jobUid) || !isText(run.jobId) || !isText(run.tenantId))
    throw unreadable(run, "its names cannot be read");
  if (!RUN_STATES.includes(run.state)) throw unreadable(run, `this version knows no state ${JSON.stringify(run.state)}`);
  if (!RUN_CAUSES.includes(run.cause)) throw unreadable(run, `this version knows no cause ${JSON.stringify(run.cause)}`);
  const whole = isTime(run.scheduledFor) && isWhole(run.attempt) && isTimeOrNull(run.startedAt) && isTimeOrNull(run.finishedAt);
  if (!whole) throw unreadable(run, "its instants cannot be read");
  return run;
}

const unreadable = ({ runId }: Named, why: string): AppError => new AppError("store_corrupt", `run ${String(runId)}: ${why}`);

/** Shown in place of an unreadable output or error: the run ended, and its result is lost. */
const UNREADABLE: RunError = runError("unreadable", "what is stored of its output or error cannot be read", false);

/** An output stored as JSON; `broken` if it is no JSON. */
export function readOutput(text: unknown): { readonly output: JsonValue; readonly broken: boolean } {
  if (text === null || text === undefined) return { output: null, broken: false };
  const read = evaluate(() => JSON.parse(text as string) as JsonValue);
  return read.kind === "evaluated" ? { output: read.value, broken: false } : { output: null, broken: true };
}

/** The stored error of a run, or one that says that a part of its row cannot be read. */
export function readError(stored: unknown, broken: boolean): RunError | null {
  if (stored === null || stored === undefined) return broken ? UNREADABLE : null;
  if (!isRecord(stored) || !isText(stored["code"]) || !isText(stored["message"])) return UNREADABLE;
  return { code: stored["code"], message: stored["message"], retryable: stored["retryable"] === true };
}

/** The same of an attempt, with the stack that is stored beside it. */
export function readAttemptError(stored: unknown, broken: boolean): AttemptError | null {
  const error = readError(stored, broken);
  return error === null || !isRecord(stored) || !isText(stored["stack"]) ? error : attemptError(error, stored["stack"]);
}

/** Who requested a cancel. Null if this version cannot read it: it is only shown, and nothing depends on it. */
export function readCancel(stored: unknown): RunCancel | null {
  if (!isRecord(stored) || !isTime(stored["requestedAt"]) || !isRecord(stored["by"])) return null;
  const { kind } = stored["by"];
  return (CANCEL_KINDS as readonly unknown[]).includes(kind) ? (stored as unknown as RunCancel) : null;
}
