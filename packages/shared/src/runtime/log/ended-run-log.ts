import type { EndedRun } from "../../domain/run/settlement.ts";
import type { PacedLog } from "./paced-log.ts";

/**
 * Logs the end of a run once, in the process that wrote it. Runs that did not run (`skipped`, `missed`) are only in the history.
 * `stack`: of the error that its handler threw; null if the message is enough.
 */
export function logEnd(log: PacedLog, run: EndedRun, stack: string | null = null): void {
  const { jobId: job, runId, attempt, handler, state, reason, startedAt, finishedAt, error } = run;
  const named = { job, run: runId, attempt, handler };
  const took = startedAt === null ? {} : { ms: finishedAt - startedAt };
  const why = reason === null ? {} : { reason };
  switch (state) {
    case "succeeded":
      return log.info({ ...named, ...took }, "a run succeeded");
    case "cancelled":
      return log.info({ ...named, ...took, ...why }, "a run was cancelled");
    case "failed":
    case "lost":
      return log.warn({ ...named, ...took, ...why, ...errorFields(error, stack) }, state === "failed" ? "a run failed" : "a run was lost");
    case "due":
    case "running":
    case "retrying":
    case "skipped":
    case "missed":
  }
}

/** The fields of an error in the log. */
export function errorFields(error: EndedRun["error"], stack: string | null): Record<string, unknown> {
  if (error === null) return {};
  const { code, message } = error;
  return stack === null ? { code, error: message } : { code, err: Object.assign(new Error(message), { stack }) };
}
