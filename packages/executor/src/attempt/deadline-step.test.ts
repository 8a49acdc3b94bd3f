import { expect, test } from "@jest/globals";
import { z } from "zod";
import { newJob } from "@tickline/shared/testing/factories";
import { newDueRun } from "@tickline/shared/testing/factories-fire";
import { defineHandler } from "../handlers/handler.ts";
import { deadlineStep, type DeadlineStep } from "./deadline-step.ts";
import { createRunningAttempt, type RunningAttempt } from "./running-attempt.ts";

const limits = { abortGraceMs: 10_000, leaseMarginMs: 4_000 };
const handler = defineHandler({ type: "http", params: z.any(), run: () => null });
const attempt = (changes: Partial<RunningAttempt>): RunningAttempt => ({
  ...createRunningAttempt({ run: newDueRun(newJob()), token: "t", leaseMs: 15_000, startedAt: 0 }, { handler, leaseUntilMs: 15_000 }),
  calledMs: 0,
  timeoutAtMs: 60_000,
  ...changes,
});

test.each<[string, Partial<RunningAttempt>, number, DeadlineStep]>([
  ["nothing before its lease nears its end", {}, 0, { kind: "wait", atMs: 11_000 }],
  ["nothing before its timeout, if that is nearer", { timeoutAtMs: 5_000 }, 0, { kind: "wait", atMs: 5_000 }],
  ["only its timeout, if no clock ends its lease", { leaseUntilMs: Infinity }, 0, { kind: "wait", atMs: 60_000 }],
  ["an end in time before its lease ends", {}, 11_000, { kind: "abort", cause: "lease_lost", graceUntilMs: 15_000 }],
  ["a short end after a long sleep", {}, 90_000, { kind: "abort", cause: "lease_lost", graceUntilMs: 94_000 }],
  ["an end at its timeout", { timeoutAtMs: 5_000 }, 5_000, { kind: "abort", cause: "timeout", graceUntilMs: 15_000 }],
  ["to wait out the grace", { aborted: "timeout", graceUntilMs: 8_000 }, 5_000, { kind: "wait", atMs: 8_000 }],
  ["a report when the grace is over", { aborted: "timeout", graceUntilMs: 8_000 }, 8_000, { kind: "report" }],
  ["one report only", { aborted: "timeout", graceUntilMs: 8_000, stuck: true }, 9_000, { kind: "wait", atMs: 15_000 }],
  [
    "the end of the process when the lease is gone too",
    { aborted: "timeout", graceUntilMs: 8_000, stuck: true },
    15_000,
    { kind: "end_process" },
  ],
  ["nothing of one that is not called yet, as long as there is time for it", { calledMs: null }, 0, { kind: "wait", atMs: 10_000 }],
  [
    "to give back one that is not called yet when that would be short",
    { calledMs: null },
    10_000,
    { kind: "abort", cause: "lease_lost", graceUntilMs: 14_000 },
  ],
  ["nothing of one that was never called", { aborted: "shutdown", calledMs: null }, 20_000, { kind: "wait", atMs: Infinity }],
])("time asks %s", (_, changes, nowMs, step) => {
  expect(deadlineStep(attempt(changes), nowMs, limits)).toEqual(step);
});
