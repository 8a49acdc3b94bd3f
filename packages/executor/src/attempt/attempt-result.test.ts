import { expect, test } from "@jest/globals";
import { RetryPolicySchema } from "@tickline/shared/domain/policy/retry-policy";
import { runError } from "@tickline/shared/domain/run/run-error";
import { newJob } from "@tickline/shared/testing/factories";
import { newDueRun } from "@tickline/shared/testing/factories-fire";
import { attemptResult, type AttemptEnding } from "./attempt-result.ts";
import type { AbortCause } from "./run-aborted.ts";

const retry = RetryPolicySchema.parse({ maxAttempts: 3, backoff: "fixed", delayMs: 100, jitter: "none" });
const boom = runError("handler_error", "boom", true);
const returned: AttemptEnding = { kind: "returned", value: { ok: true } };
const threw: AttemptEnding = { kind: "threw", thrown: new Error("boom") };
const uncalled: AttemptEnding = { kind: "uncalled" };
const succeeded = { kind: "succeeded", output: { ok: true } };

const result = (ending: AttemptEnding, { aborted = null, onUncertain = "rerun", attempt = 1, failures = 0, rescues = 0 }: Given = {}) =>
  attemptResult(
    {
      run: { ...newDueRun(newJob({ definition: { retry, onUncertain, timeoutMs: 500 } })), attempt, failures, rescues },
      aborted,
      ending,
    },
    { releasesMax: 20, random: () => 0 },
  );

interface Given {
  readonly aborted?: AbortCause | null;
  readonly onUncertain?: "rerun" | "skip";
  readonly attempt?: number;
  readonly failures?: number;
  readonly rescues?: number;
}

test.each<[string, AttemptEnding, Given, unknown]>([
  ["returned", returned, {}, succeeded],
  ["threw", threw, {}, { kind: "retry", error: boom, retryDelayMs: 100 }],
  [
    "threw and asks for a delay",
    { kind: "threw", thrown: Object.assign(new Error("boom"), { retryAfterMs: 5_000.5 }) },
    {},
    { kind: "retry", error: boom, retryDelayMs: 5_001 },
  ],
  [
    "threw and asks for a delay that is none",
    { kind: "threw", thrown: Object.assign(new Error("boom"), { retryAfterMs: "soon" }) },
    {},
    { kind: "retry", error: boom, retryDelayMs: 100 },
  ],
  ["threw, the last time", threw, { failures: 2 }, { kind: "failed", error: boom }],
  ["returned nothing", { kind: "returned", value: undefined }, {}, { kind: "succeeded", output: null }],
  ["returned after a cancel", returned, { aborted: "cancelled" }, succeeded],
  ["returned after the timeout", returned, { aborted: "timeout" }, succeeded],
  ["returned after the lease was lost", returned, { aborted: "lease_lost" }, succeeded],
  ["threw after a cancel", threw, { aborted: "cancelled" }, { kind: "cancelled" }],
  [
    "threw after the timeout",
    threw,
    { aborted: "timeout" },
    { kind: "retry", error: runError("timeout", "the attempt ran longer than 500 ms", true), retryDelayMs: 100 },
  ],
  ["threw after a shutdown", threw, { aborted: "shutdown" }, { kind: "released" }],
  ["threw after the lease was lost", threw, { aborted: "lease_lost" }, { kind: "released" }],
  [
    "threw after a shutdown, not to be repeated unawares",
    threw,
    { aborted: "shutdown", onUncertain: "skip" },
    { kind: "retry", error: runError("shutdown", "the executor is shutting down", true), retryDelayMs: 100 },
  ],
  ["was not called before a shutdown", uncalled, { aborted: "shutdown", onUncertain: "skip" }, { kind: "released" }],
  ["was not called before a cancel", uncalled, { aborted: "cancelled" }, { kind: "cancelled" }],
  ["threw at its twentieth shutdown", threw, { aborted: "shutdown", attempt: 20 }, { kind: "released" }],
  [
    "threw at one shutdown more",
    threw,
    { aborted: "shutdown", attempt: 21 },
    {
      kind: "failed",
      error: runError(
        "interrupted_too_often",
        "the run was interrupted 21 times, by stops of its executor or losses of its lease, and never ended",
        false,
      ),
    },
  ],
  [
    "threw at a shutdown, after failures and rescues",
    threw,
    { aborted: "shutdown", attempt: 28, failures: 2, rescues: 6 },
    { kind: "released" },
  ],
  ["returned at one shutdown more", returned, { aborted: "shutdown", attempt: 21 }, succeeded],
  ["was not called, however often", uncalled, { aborted: "shutdown", attempt: 1_000 }, { kind: "released" }],
  [
    "was given bad params",
    { kind: "refused", error: runError("bad_params", "no", false) },
    {},
    { kind: "failed", error: runError("bad_params", "no", false) },
  ],
])("an attempt whose handler %s", (_, ending, given, expected) => {
  expect(result(ending, given)).toEqual(expected);
});
