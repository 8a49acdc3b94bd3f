import type { DueRun } from "../domain/run/due-run.ts";
import type { EndedRun } from "../domain/run/settlement.ts";
import type { TicklineEvent } from "./event.ts";
import { cancelRequested, handlersChanged, runsReady } from "./control-event.ts";
import { jobDue } from "./job-due.ts";
import { runEnded } from "./job-ended.ts";
import { jobRetrying } from "./job-retrying.ts";
import { jobStarted } from "./job-started.ts";
import { commandAnswered, commandRefused } from "./reply.ts";
import type { CreateJob } from "./command.ts";

const at = (text: string): number => Date.parse(text);
const error = { code: "http_status", message: "503 – später", retryable: true };

export const sampleDueRun = (over: Partial<DueRun> = {}): DueRun => ({
  tenantId: "default",
  runId: "0192f2b1c0007a3b-9f8e7d6c5b4a3920",
  jobUid: "0192f2b1-c000-7a3b-9f8e-7d6c5b4a3920",
  jobId: "nightly-report",
  jobVersion: 3,
  slot: 511,
  queue: "default",
  priority: 9,
  handler: "http",
  cause: "schedule",
  scheduledFor: at("2026-03-29T01:00:00.000Z"),
  attempt: 2,
  failures: 1,
  rescues: 0,
  firstStartedAt: at("2026-03-29T01:00:00.007Z"),
  exclusive: true,
  params: { url: "https://example.org/hook", method: "POST", body: { who: "Grüße", list: [1, 2.5, null, { deep: true }] } },
  timeoutMs: 60_000,
  retry: { maxAttempts: 3, backoff: "exponential", delayMs: 1_000, delayMaxMs: 3_600_000, jitter: "full", nonRetryable: ["bad_params"] },
  onUncertain: "rerun",
  workersMax: null,
  lastRun: {
    runId: "0192edab00007a3b-9f8e7d6c5b4a3920",
    state: "failed",
    scheduledFor: at("2026-03-28T01:00:00Z"),
    startedAt: at("2026-03-28T01:00:00.012Z"),
    finishedAt: null,
    attempt: 1,
    error,
  },
  ...over,
});

const sampleEnded = (over: Partial<EndedRun> = {}): EndedRun => ({
  tenantId: "default",
  runId: "0192f2b1c0007a3b-9f8e7d6c5b4a3920",
  jobUid: "0192f2b1-c000-7a3b-9f8e-7d6c5b4a3920",
  jobId: "nightly-report",
  jobVersion: 3,
  queue: "default",
  priority: 0,
  handler: "http",
  cause: "manual",
  scheduledFor: at("2026-03-29T01:00:00Z"),
  count: 1,
  scheduledForLast: null,
  attempt: 2,
  state: "succeeded",
  reason: null,
  startedAt: at("2026-03-29T01:00:01Z"),
  finishedAt: at("2026-03-29T01:00:02.345Z"),
  output: { status: 200, body: [true, null, "…"] },
  error: null,
  ...over,
});

const envelope = { id: "event-1", time: at("2026-03-29T01:00:00.001Z"), tenantId: "default" } as const;
const job = {
  jobUid: "0192f2b1-c000-7a3b-9f8e-7d6c5b4a3920",
  jobId: "nightly-report",
  version: 3,
  state: "active",
  slot: 511,
  nextRunAt: at("2026-03-30T01:00:00Z"),
  name: "Nightly report",
  handler: "http",
  queue: "default",
} as const;
const jobSaid = { ...envelope, source: "tickline/api", subject: job.jobId } as const;

const asked = { ...envelope, source: "billing", subject: "nightly-report" } as const;
const createJob: CreateJob = {
  ...asked,
  type: "CreateJob",
  data: { jobId: "nightly-report", job: { name: "Nightly report", handler: "http", schedule: "0 2 * * *" } },
};

/** At least one event of every type, with every nullable field once null and once not. */
export const sampleEvents = (): readonly TicklineEvent[] => [
  { ...jobSaid, type: "JobCreated", data: job },
  { ...jobSaid, type: "JobUpdated", data: { ...job, state: "paused", nextRunAt: null } },
  { ...jobSaid, type: "JobDeleted", data: { ...job, state: "deleted", nextRunAt: null, cancelRunning: true } },
  jobDue(sampleDueRun(), envelope.time),
  jobDue(sampleDueRun({ lastRun: null, firstStartedAt: null, params: {} }), envelope.time),
  jobStarted({ run: sampleDueRun(), token: "t", leaseMs: 15_000, startedAt: envelope.time }, "executor-1"),
  jobRetrying(sampleDueRun(), { retryAt: at("2026-03-29T01:05:00Z"), error, time: envelope.time }),
  jobRetrying(sampleDueRun(), { retryAt: at("2026-03-29T01:05:00Z"), error, time: envelope.time, startedAt: envelope.time }),
  runEnded(sampleEnded(), "tickline/executor"),
  runEnded(sampleEnded({ state: "failed", output: null, error }), "tickline/scheduler"),
  runEnded(
    sampleEnded({
      state: "missed",
      reason: "misfire",
      count: 7,
      scheduledForLast: at("2026-03-29T07:00:00Z"),
      startedAt: null,
      output: null,
    }),
    "tickline/scheduler",
  ),
  cancelRequested("run-1", { ...envelope, source: "tickline/api" }),
  handlersChanged(["http", "greet"], { ...envelope, source: "tickline/executor" }),
  runsReady(["default"], { ...envelope, source: "tickline/api" }),
  { ...asked, source: "python-1", type: "JobHeartbeat", data: { runId: "run-1", attempt: 2 } },
  createJob,
  { ...createJob, subject: "", data: { ...createJob.data, jobId: null } },
  { ...asked, type: "TriggerJob", data: { jobId: "nightly-report", params: { who: "Grüße" } } },
  { ...asked, type: "TriggerJob", data: { jobId: "nightly-report", params: null } },
  { ...asked, type: "CancelRun", data: { runId: "run-1" } },
  commandAnswered(createJob, { jobId: "nightly-report", runId: null, result: { id: "nightly-report", tags: [] } }, envelope.time),
  commandAnswered(createJob, { jobId: "nightly-report", runId: "run-1", result: null }, envelope.time),
  commandRefused(createJob, { code: "invalid_request", detail: "2 faults", errors: [] }, envelope.time),
  commandRefused(
    createJob,
    { code: "invalid_request", detail: "is required", errors: [{ pointer: "/name", code: "required", message: "is required" }] },
    envelope.time,
  ),
];
