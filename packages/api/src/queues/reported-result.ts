import { failAttempt, interruptAttempt } from "@tickline/shared/domain/policy/failed-attempt";
import type { DueRun } from "@tickline/shared/domain/run/due-run";
import { jsonBytes, type JsonValue } from "@tickline/shared/domain/json/json";
import { outputTooLarge, runError, type RunError } from "@tickline/shared/domain/run/run-error";
import { OUTPUT_BYTES_MAX, type AttemptResult } from "@tickline/shared/domain/run/settlement";

/** The end of an attempt, as its executor reports it. */
export type ReportedEnd =
  | { readonly state: "succeeded"; readonly output: JsonValue }
  | { readonly state: "failed"; readonly error: RunError; readonly stack: string | null; readonly retryAfterMs: number | null }
  | { readonly state: "cancelled" }
  /** The executor gives the attempt back before its end. */
  | { readonly state: "released" };

export interface ResultRules {
  readonly releasesMax: number;
  /** Gives [0, 1). */
  readonly random: () => number;
}

/**
 * The result of a reported end, by the rules that hold for Tickline's own executors. `run` null: it is not open, so the store answers by what became of it
 * and uses nothing of the result.
 */
export function reportedResult(run: DueRun | null, end: ReportedEnd, { releasesMax, random }: ResultRules): AttemptResult {
  switch (end.state) {
    case "succeeded": {
      const bytes = jsonBytes(end.output);
      if (bytes > OUTPUT_BYTES_MAX) return { kind: "failed", error: outputTooLarge(bytes, OUTPUT_BYTES_MAX) };
      return { kind: "succeeded", output: end.output };
    }
    case "failed": {
      const { error, stack, retryAfterMs } = end;
      const result = run === null ? ({ kind: "failed", error } as const) : failAttempt(run, { error, retryAfterMs }, random);
      return { ...result, stack } as AttemptResult;
    }
    case "cancelled":
      return { kind: "cancelled" };
    case "released":
      return run === null ? { kind: "released" } : interruptAttempt(run, { error: GIVEN_BACK, releasesMax, random });
  }
}

const GIVEN_BACK = runError("released", "the executor gave the attempt back before its end", true);
