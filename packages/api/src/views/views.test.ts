import { describe, expect, test } from "@jest/globals";
import type { CancelledBy } from "@tickline/shared/domain/run/cancel";
import { ATTEMPTS_KEPT_MAX, type Run } from "@tickline/shared/domain/run/run";
import type { Job } from "@tickline/shared/domain/job/job";
import { RUN_STATES } from "@tickline/shared/domain/run/run-state";
import { ScheduleInput } from "@tickline/shared/domain/schedule/input/schedule-input";
import { newJob, MINUTE, SECOND, START } from "@tickline/shared/testing/factories";
import type { z } from "zod";
import { jobDetailJson, JobDetailView, JobView, RECENT_RUNS_BYTES_MAX, recentRunsJson, showJob } from "./job-view.ts";
import { RunView, showListedRun, showRun } from "./run-view.ts";

const RUN_ID = "01KE70EHG0VCYVAJ10SJX66YGA";
const PARAMS = { url: "https://example.com/" };
const error = { code: "http_status", message: "503", retryable: true };
const run = (changes: Partial<Run> = {}): Run => ({
  tenantId: "default",
  runId: RUN_ID,
  jobUid: "uid",
  jobId: "job-1",
  jobVersion: 3,
  handler: "http",
  queue: "default",
  priority: 9,
  cause: "schedule",
  scheduledFor: START,
  count: 1,
  scheduledForLast: null,
  state: "succeeded",
  reason: null,
  attempt: 2,
  attempts: [
    { attempt: 1, state: "failed", startedAt: START + 3, finishedAt: START + 10, executor: "e", error },
    { attempt: 2, state: "succeeded", startedAt: START + SECOND, finishedAt: START + SECOND + 5, executor: "e", error: null },
  ],
  firstStartedAt: START + 3,
  startedAt: START + SECOND,
  finishedAt: START + SECOND + 5,
  output: { ok: [1, null, "x"] },
  error: null,
  retryOf: null,
  cancelRequested: true,
  cancel: null,
  wakeAt: START,
  ...changes,
});

const showJobDetail = (job: Job, recentRuns: readonly Run[], now: number | null = null): JobDetailView =>
  JSON.parse(jobDetailJson(job, recentRuns, now)) as JobDetailView;

/** The view as the schema has it: nothing missing, nothing more, and the keys in its order. */
function expectView<Schema extends z.ZodObject>(schema: Schema, view: z.output<Schema>): void {
  expect(schema.strict().parse(view)).toEqual(view);
  expect(Object.keys(view)).toEqual(Object.keys(schema.shape));
}

test("recent runs have no outputs, and are as many as leave room for the rest of a job in a body", () => {
  const text = JSON.stringify(recentRunsJson([run(), run({ state: "due" })]));
  expect([/output|params/.test(text), recentRunsJson([run(), run()]).length]).toEqual([false, 2]);
  const long = { ...error, message: "ü".repeat(2_000) };
  const attempts = Array.from({ length: ATTEMPTS_KEPT_MAX }, (_, index) => ({
    attempt: index + 1,
    state: "failed" as const,
    startedAt: START,
    finishedAt: START,
    executor: "e",
    error: long,
  }));
  for (const [runs, shown] of [
    [[run(), run({ attempts }), run()], 1],
    [[run({ attempts }), run()], 0],
    [Array.from({ length: 10 }, () => run({ attempts: attempts.slice(0, 2) })), 7],
  ] as const) {
    const texts = recentRunsJson(runs);
    expect([texts.length, Buffer.byteLength(texts.join("")) <= RECENT_RUNS_BYTES_MAX]).toEqual([shown, true]);
  }
});

describe("views are what their schemas say", () => {
  const schedules = [
    "every 15m",
    { cron: "0 2 * * *", timezone: "Europe/Berlin", maxRuns: 3 },
    { interval: "monthly", on: "last" },
    { interval: "monthly", on: 31, endAt: "2030-01-01T00:00:00Z" },
    { at: "2026-12-01T09:00:00Z" },
    { at: "2026-12-01T09:00:00", timezone: "America/New_York" },
  ];
  test.each(schedules.map((schedule) => [JSON.stringify(schedule), schedule]))("a job on %s", (_, schedule) => {
    const job = newJob({ definition: { schedule: ScheduleInput.parse(schedule) } });
    expectView(JobView, showJob(job));
    expectView(JobDetailView, showJobDetail(job, [run(), run({ state: "due" })]));
  });

  test.each(RUN_STATES)("a run that is %s, and a job whose last run was", (state) => {
    expectView(RunView, showRun(run({ state }), PARAMS));
    const lastRun = { runId: RUN_ID, state, scheduledFor: START, startedAt: null, finishedAt: START, attempt: 1, error };
    expectView(JobView, showJob(newJob({ status: state, lastRun })));
  });

  test("a range, and a run that has not started", () => {
    const none = { attempts: [], firstStartedAt: null, startedAt: null, finishedAt: null, output: null };
    const view = showRun(run({ ...none, state: "missed", reason: "misfire", count: 5, scheduledForLast: START + MINUTE }), null);
    expectView(RunView, view);
    expect(view).toMatchObject({ durationMs: null, lateByMs: null, scheduledForLast: "2026-01-05T12:01:00.000Z" });
  });

  test("a run with many attempts", () => {
    const attempts = Array.from({ length: ATTEMPTS_KEPT_MAX }, (_, index) => ({ ...run().attempts[0]!, attempt: index + 1 }));
    expectView(RunView, showRun(run({ attempts }), PARAMS));
  });
});

describe("what is shown", () => {
  test("durations: of the run with its waits, of each attempt, and from the nominal instant to the first start", () => {
    const view = showRun(run(), PARAMS);
    expect(view).toMatchObject({
      durationMs: 1_002,
      lateByMs: 3,
      firstStartedAt: "2026-01-05T12:00:00.003Z",
      startedAt: "2026-01-05T12:00:01.000Z",
    });
    expect(view.attempts.map(({ durationMs }) => durationMs)).toEqual([7, 5]);
    const running = { ...run().attempts[1]!, state: "running" as const, finishedAt: null };
    const open = showRun(run({ state: "running", finishedAt: null, attempts: [running] }), PARAMS);
    expect([open.durationMs, open.attempts[0]?.durationMs]).toEqual([null, null]);
  });

  test("who asked for a cancel", () => {
    const asked: readonly CancelledBy[] = [
      { kind: "api", address: "127.0.0.1", userAgent: "curl/8.5.0" },
      { kind: "job_deleted", address: null, userAgent: null },
      { kind: "command", source: "billing", commandId: "c-1" },
      { kind: "overlap", runId: RUN_ID },
      { kind: "executor", executor: "python-1" },
    ];
    for (const by of asked) {
      const view = showRun(run({ state: "cancelled", cancel: { requestedAt: START, by } }), PARAMS);
      expectView(RunView, view);
      expect(view.cancel).toEqual({ requestedAt: "2026-01-05T12:00:00.000Z", by });
    }
  });

  test("a single run is shown with stacks, and lists are shown without", () => {
    const attempts = [{ ...run().attempts[0]!, error: { ...error, stack: "Error: 503\n    at run" } }];
    expect(showRun(run({ attempts }), PARAMS).attempts[0]?.error).toEqual({ ...error, stack: "Error: 503\n    at run" });
    expect(showRun(run(), PARAMS).attempts[0]?.error).toEqual({ ...error, stack: null });
    const listed = [JSON.stringify(showListedRun(run({ attempts }), PARAMS)), ...recentRunsJson([run({ attempts })])];
    for (const text of listed) expect(text).not.toContain("stack");
  });

  test("what is for the inside stays there", () => {
    const shown = JSON.stringify([showRun(run(), PARAMS), showJob(newJob())]);
    expect(shown).not.toMatch(/tenant|uid|slot|hash|wakeAt|cancelRequested|anchorAt|firedCount|misfires/i);
  });

  test("a due instant is still the next one; a paused or finished job has none", () => {
    expect(showJob(newJob({ nextRunAt: START }))).toMatchObject({ nextRunAt: "2026-01-05T12:00:00.000Z" });
    expect(showJobDetail(newJob({ state: "paused" }), [])).toMatchObject({ nextRunAt: null, upcoming: [] });
    expect(showJobDetail(newJob({ state: "finished", nextRunAt: null }), [])).toMatchObject({ nextRunAt: null, upcoming: [] });
  });

  test("a job whose instant has passed is overdue after a minute, until it is fired", () => {
    const job = newJob({ nextRunAt: START });
    for (const [now, isOverdue] of [
      [START, false],
      [START + MINUTE, false],
      [START + MINUTE + 1, true],
    ] as const) {
      const action = showJobDetail(job, [], now).setAside?.reason ?? "";
      expect([now, action.includes("no scheduler has fired it")]).toEqual([now, isOverdue]);
    }
    expect(showJob({ ...job, nextRunAt: START + MINUTE }, START + MINUTE + 1).setAside).toBeNull();
  });

  test("upcoming ends where runs do", () => {
    const schedule = { kind: "every", everyMs: MINUTE, startAt: null, endAt: null, maxRuns: 7 } as const;
    expect(showJobDetail(newJob({ firedCount: 4, definition: { schedule } }), []).upcoming).toHaveLength(3);
    expect(showJobDetail(newJob({ firedCount: 0, definition: { schedule } }), []).upcoming).toHaveLength(5);
  });

  test("the last run of a job", () => {
    const lastRun = {
      runId: RUN_ID,
      state: "succeeded" as const,
      scheduledFor: START,
      startedAt: START + 2,
      finishedAt: START + 9,
      attempt: 1,
      error: null,
    };
    expect(showJob(newJob({ status: "succeeded", lastRun }))).toMatchObject({
      lastRunAt: "2026-01-05T12:00:00.002Z",
      lastRun: { id: RUN_ID, durationMs: 7 },
    });
  });
});
