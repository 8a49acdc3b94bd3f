import type { DueRun } from "@tickline/shared/domain/due-run";
import { retryDelayMs } from "@tickline/shared/domain/retry-policy";
import { runError, type RunError } from "@tickline/shared/domain/run-error";
import type { AttemptResult } from "@tickline/shared/domain/settlement";
import { checkedOutput } from "./output.ts";
import { RunAborted, type AbortCause } from "./run-aborted.ts";
import { toRunError } from "./to-run-error.ts";

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

/**
 * What an attempt came to. A handler that returned has succeeded, even if it was asked to end meanwhile: its work is
 * done, and another attempt would do it twice. One that threw after it was asked to end came to what it was asked for.
 */
export function attemptResult({ run, aborted, ending }: EndedAttempt, random: () => number): AttemptResult {
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
      return aborted === null ? failed(run, toRunError(ending.thrown), random) : abortedResult(run, aborted, random);
  }
}

function abortedResult(run: DueRun, cause: AbortCause, random: () => number): AttemptResult {
  if (cause === "cancelled") return { kind: "cancelled" };
  if (cause === "timeout") return failed(run, runError("timeout", `the attempt ran longer than ${run.timeoutMs} ms`, true), random);
  // Its handler was called: a job that wants no uncertain repeats gets a failure, which its own retry policy judges.
  if (run.onUncertain === "skip") return failed(run, runError(cause, new RunAborted(cause).message, true), random);
  return { kind: "released" };
}

function failed(run: DueRun, error: RunError, random: () => number): AttemptResult {
  const delayMs = retryDelayMs(run.retry, { failures: run.failures + 1, error }, random);
  return delayMs === null ? { kind: "failed", error } : { kind: "retry", error, retryDelayMs: delayMs };
}
