import { releasesOf, type DueRun } from "@tickline/shared/domain/due-run";
import { retryDelayMs, type FailedAttempt } from "@tickline/shared/domain/retry-policy";
import { runError, type RunError } from "@tickline/shared/domain/run-error";
import type { AttemptResult } from "@tickline/shared/domain/settlement";
import { checkedOutput } from "./check-output.ts";
import { RunAborted, type AbortCause } from "./run-aborted.ts";
import { retryAfterMsOf, toRunError } from "./thrown-error.ts";

/** How an attempt ended. `refused`: its params do not fit. `uncalled`: it was aborted before its handler was called. */
export type AttemptEnding =
  | { readonly kind: "returned"; readonly value: unknown }
  | { readonly kind: "threw"; readonly thrown: unknown }
  | { readonly kind: "refused"; readonly error: RunError }
  | { readonly kind: "uncalled" };

export interface EndedAttempt {
  readonly run: DueRun;
  /** Why it had been asked to end; null: it had not. */
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
 * What an attempt came to. A handler that returned has succeeded, even if it was asked to end meanwhile: its work is
 * done, and another attempt would do it twice. One that threw after it was asked to end came to what it was asked for.
 */
export function attemptResult({ run, aborted, ending }: EndedAttempt, rules: AttemptRules): AttemptResult {
  const { random } = rules;
  switch (ending.kind) {
    case "uncalled":
      return aborted === "cancelled" ? { kind: "cancelled" } : { kind: "released" };
    case "refused":
      return failed(run, ending.error, random);
    case "returned": {
      const checked = checkedOutput(ending.value);
      return checked.kind === "output" ? { kind: "succeeded", output: checked.output } : failed(run, checked.error, random);
    }
    case "threw":
      return aborted === null ? threw(run, ending.thrown, random) : abortedResult(run, aborted, rules);
  }
}

function abortedResult(run: DueRun, cause: AbortCause, { releasesMax, random }: AttemptRules): AttemptResult {
  if (cause === "cancelled") return { kind: "cancelled" };
  if (cause === "timeout") return failed(run, runError("timeout", `the attempt ran longer than ${run.timeoutMs} ms`, true), random);
  // Its handler was called: a job that wants no uncertain repeats gets a failure, which its own retry policy judges.
  if (run.onUncertain === "skip") return failed(run, runError(cause, new RunAborted(cause).message, true), random);
  return releasesOf(run) < releasesMax ? { kind: "released" } : { kind: "failed", error: interruptedTooOften(run) };
}

const interruptedTooOften = (run: DueRun): RunError =>
  runError(
    "interrupted_too_often",
    `the run was interrupted ${releasesOf(run) + 1} times, by stops of its executor or losses of its lease, and never ended`,
    false,
  );

const threw = (run: DueRun, thrown: unknown, random: () => number): AttemptResult =>
  retried(run, { error: toRunError(thrown), retryAfterMs: retryAfterMsOf(thrown) }, random);

const failed = (run: DueRun, error: RunError, random: () => number): AttemptResult => retried(run, { error, retryAfterMs: null }, random);

function retried(run: DueRun, { error, retryAfterMs }: Omit<FailedAttempt, "failures">, random: () => number): AttemptResult {
  const delayMs = retryDelayMs(run.retry, { failures: run.failures + 1, error, retryAfterMs }, random);
  return delayMs === null ? { kind: "failed", error } : { kind: "retry", error, retryDelayMs: delayMs };
}
