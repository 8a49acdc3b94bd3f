import { failAttempt, interruptAttempt } from "@tickline/shared/domain/policy/failed-attempt";
import type { DueRun } from "@tickline/shared/domain/run/due-run";
import { attemptTimedOut, runError, type RunError } from "@tickline/shared/domain/run/run-error";
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
  if (cause === "timeout") return fail(run, attemptTimedOut(run), random);
  return interruptAttempt(run, { error: runError(cause, new RunAborted(cause).message, true), releasesMax, random }); // Its handler was called.
}

const failThrown = (run: DueRun, thrown: unknown, random: () => number): AttemptResult =>
  failAttempt(run, { error: toRunError(thrown), retryAfterMs: readRetryAfterMs(thrown) }, random);

const fail = (run: DueRun, error: RunError, random: () => number): AttemptResult => failAttempt(run, { error, retryAfterMs: null }, random);
