import { expect, test } from "@jest/globals";
import type { DueRun } from "@tickline/shared/domain/run/due-run";
import { runError } from "@tickline/shared/domain/run/run-error";
import { newJob, SECOND } from "@tickline/shared/testing/factories";
import { newDueRun } from "@tickline/shared/testing/factories-fire";
import { reportedResult, type ReportedEnd } from "./reported-result.ts";

const RETRY = {
  maxAttempts: 3,
  backoff: "fixed",
  delayMs: SECOND,
  delayMaxMs: SECOND,
  jitter: "none",
  nonRetryable: ["no_such_user"],
} as const;
const make = (changes: Partial<DueRun> = {}): DueRun => ({
  ...newDueRun(newJob()),
  retry: { ...RETRY, nonRetryable: [...RETRY.nonRetryable] },
  ...changes,
});
const result = (run: DueRun | null, end: ReportedEnd) => reportedResult(run, end, { releasesMax: 2, random: () => 0.5 });
const failed = (changes: Partial<{ code: string; retryable: boolean; retryAfterMs: number }> = {}): ReportedEnd => {
  const { code = "broken", retryable = true, retryAfterMs = null } = changes;
  return { state: "failed", error: runError(code, "it broke", retryable), stack: null, retryAfterMs };
};

test("a failure is retried by the policy of the job, and not before the delay that the executor asks for", () => {
  expect(result(make(), failed())).toMatchObject({ kind: "retry", retryDelayMs: SECOND });
  expect(result(make(), failed({ retryAfterMs: 60 * SECOND }))).toMatchObject({ kind: "retry", retryDelayMs: 60 * SECOND });
  expect(result(make(), failed({ retryAfterMs: 1 }))).toMatchObject({ kind: "retry", retryDelayMs: SECOND });
});

test.each<[string, DueRun, ReportedEnd]>([
  ["it is the last attempt of the policy", make({ failures: 2 }), failed()],
  ["the executor says that another would fail too", make(), failed({ retryable: false })],
  ["the policy names its code", make(), failed({ code: "no_such_user" })],
])("a failure ends the run where %s", (_, run, end) =>
  expect(result(run, end)).toMatchObject({ kind: "failed", error: { message: "it broke" } }),
);

test("an output that is too long fails the attempt, and is not retried: its work is done", () => {
  expect(result(make(), { state: "succeeded", output: "x".repeat(65_534) })).toMatchObject({ kind: "succeeded" });
  expect(result(make(), { state: "succeeded", output: "x".repeat(65_535) })).toEqual({
    kind: "failed",
    error: runError("output_too_large", "the output has 65537 bytes of JSON, at most 65536 are kept", false),
  });
});

test("an attempt that is given back is due again, until it was given back too often", () => {
  expect(result(make(), { state: "released" })).toEqual({ kind: "released" });
  expect(result(make({ attempt: 3 }), { state: "released" })).toMatchObject({ kind: "failed", error: { code: "interrupted_too_often" } });
});

test("given back with onUncertain skip it has failed: nobody knows what it did", () => {
  expect(result(make({ onUncertain: "skip" }), { state: "released" })).toMatchObject({ kind: "retry", error: { code: "released" } });
});

test("of a run that is not open nothing is decided here", () => {
  expect(result(null, failed())).toMatchObject({ kind: "failed" });
  expect(result(null, { state: "released" })).toEqual({ kind: "released" });
  expect(result(null, { state: "cancelled" })).toEqual({ kind: "cancelled" });
});
