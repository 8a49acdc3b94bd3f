import type { DueRun } from "@tickline/shared/domain/due-run";
import { runError, type RunError } from "@tickline/shared/domain/run-error";
import type { AttemptResult, EndedRun } from "@tickline/shared/domain/settlement";
import { attemptResult, type AttemptRules } from "../attempt/attempt-result.ts";
import { toRunError } from "../attempt/thrown-error.ts";

/** What a reported end comes to, by the retry policy of the job and within the limits that our own handlers have. */
export function reportResult(run: DueRun, { state, output, error }: EndedRun, rules: AttemptRules): AttemptResult {
  if (state === "cancelled") return { kind: "cancelled" };
  const ending =
    state === "succeeded" ? ({ kind: "returned", value: output } as const) : ({ kind: "refused", error: saidError(error) } as const);
  return attemptResult({ run, aborted: null, ending }, rules);
}

const saidError = (error: RunError | null): RunError =>
  error === null ? runError("executor_error", "the executor gave no error", true) : toRunError(error);
