import { countReleases, type DueRun } from "../run/due-run.ts";
import { runError, type RunError } from "../run/run-error.ts";
import type { AttemptResult } from "../run/settlement.ts";
import { retryDelayMs, type FailedAttempt } from "./retry-policy.ts";

/** The result of an attempt that failed, by the retry policy of its job. `random` gives [0, 1). */
export function failAttempt(
  run: Pick<DueRun, "retry" | "failures">,
  { error, retryAfterMs }: Omit<FailedAttempt, "failures">,
  random: () => number,
): AttemptResult {
  const delayMs = retryDelayMs(run.retry, { failures: run.failures + 1, error, retryAfterMs }, random);
  return delayMs === null ? { kind: "failed", error } : { kind: "retry", error, retryDelayMs: delayMs };
}

export interface Interruption {
  /** Of the attempt, where `onUncertain` is `skip`: it is a failure then, to which the retry policy of the job applies. */
  readonly error: RunError;
  /** A run that was released this often is `failed` at its next interruption: one that is interrupted each time would never end. */
  readonly releasesMax: number;
  readonly random: () => number;
}

/** The result of an attempt whose work had begun, and that its executor did not end. */
export function interruptAttempt(run: DueRun, { error, releasesMax, random }: Interruption): AttemptResult {
  if (run.onUncertain === "skip") return failAttempt(run, { error, retryAfterMs: null }, random);
  return countReleases(run) < releasesMax ? { kind: "released" } : { kind: "failed", error: interruptedTooOften(run) };
}

const interruptedTooOften = (run: DueRun): RunError =>
  runError(
    "interrupted_too_often",
    `the run was interrupted ${countReleases(run) + 1} times, by stops of its executor or losses of its lease, and never ended`,
    false,
  );
