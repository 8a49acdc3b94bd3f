import { countReleases, type DueRun } from "@tickline/shared/domain/run/due-run";
import { retryDelayMs, type FailedAttempt } from "@tickline/shared/domain/policy/retry-policy";
import { runError, type RunError } from "@tickline/shared/domain/run/run-error";
import type { AttemptResult } from "@tickline/shared/domain/run/settlement";
import { checkOutput } from "./check-output.ts";
import { RunAborted, type AbortCause } from "./run-aborted.ts";
import { readRetryAfterMs, toRunError } from "./thrown-error.ts";

/** How an attempt ended. `refused`: its params do not fit the handler. `uncalled`: it was aborted before its handler was called. */
export type AttemptEnding =
  | { readonly kind: "returned"; readonly value: unknown }
  | { readonly kind: "threw"; readonly thrown: unknown }
  | { readonly kind: "refused"; readonly error: RunError }
  | { readonly kind: "uncalled" };

export interface EndedAttempt {
  readonly run: DueRun;
  /** Why it was asked to end; null: it was not. */
  readonly aborted: AbortCause | null;
  readonly ending: AttemptEnding;
}

export interface AttemptRules {
  /** As in the executor's config. */
  readonly releasesMax: number;
  /** Gives [0, 1). */
  readonly random: () => number;
}

/**
 * The result of an attempt. A handler that returned has succeeded, even if it was asked to end meanwhile: its work is done, and another attempt would
 * do it twice. If it threw after it was asked to end, the cause of that decides.
 */
export function attemptResult({ run, aborted, ending }: EndedAttempt, rules: AttemptRules): AttemptResult {
  const { random } = rules;
  switch (ending.kind) {
    case "uncalled":
      return aborted === "cancelled" ? { kind: "cancelled" } : { kind: "released" };
    case "refused":
      return fail(run, ending.error, random);
    case "returned": {
      const checked = checkOutput(ending.value);
      return checked.kind === "output" ? { kind: "succeeded", output: checked.output } : fail(run, checked.error, random);
    }
    case "threw":
      return aborted === null ? failThrown(run, ending.thrown, random) : abortedResult(run, aborted, rules);
  }
}

function abortedResult(run: DueRun, cause: AbortCause, { releasesMax, random }: AttemptRules): AttemptResult {
  if (cause === "cancelled") return { kind: "cancelled" };
  if (cause === "timeout") return fail(run, runError("timeout", `the attempt ran longer than ${run.timeoutMs} ms`, true), random);
  // Its handler was called. With `onUncertain: "skip"` the attempt is a failure, to which the retry policy of the job applies.
  if (run.onUncertain === "skip") return fail(run, runError(cause, new RunAborted(cause).message, true), random);
  return countReleases(run) < releasesMax ? { kind: "released" } : { kind: "failed", error: interruptedTooOften(run) };
}

const interruptedTooOften = (run: DueRun): RunError =>
  runError(
    "interrupted_too_often",
    `the run was interrupted ${countReleases(run) + 1} times, by stops of its executor or losses of its lease, and never ended`,
    false,
  );

const failThrown = (run: DueRun, thrown: unknown, random: () => number): AttemptResult =>
  retryOrFail(run, { error: toRunError(thrown), retryAfterMs: readRetryAfterMs(thrown) }, random);

const fail = (run: DueRun, error: RunError, random: () => number): AttemptResult => retryOrFail(run, { error, retryAfterMs: null }, random);

function retryOrFail(run: DueRun, { error, retryAfterMs }: Omit<FailedAttempt, "failures">, random: () => number): AttemptResult {
  const delayMs = retryDelayMs(run.retry, { failures: run.failures + 1, error, retryAfterMs }, random);
  return delayMs === null ? { kind: "failed", error } : { kind: "retry", error, retryDelayMs: delayMs };
}
