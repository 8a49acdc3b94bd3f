import { firstDueRun } from "../../domain/run/due-run.ts";
import type { Job } from "../../domain/job/job.ts";
import { definitionFrom, JobInputSchema } from "../../domain/job/job-definition.ts";
import { makeEndedRun } from "../../domain/run/settlement.ts";
import { cancelRequested, handlersChanged, runsReady } from "../control-event.ts";
import type { CreateJob } from "../command.ts";
import type { TicklineEvent } from "../event.ts";
import { jobDue } from "../job-due.ts";
import { runEnded } from "../job-ended.ts";
import { jobDeleted, jobEvent } from "../job-event.ts";
import { jobRetrying } from "../job-retrying.ts";
import { jobStarted } from "../job-started.ts";
import { commandAnswered, commandRefused } from "../reply.ts";

/** One example for all events: a nightly job whose first attempt fails, and the other events that may occur meanwhile. */
const at = (text: string): number => Date.parse(`2026-03-29T${text}Z`);
const runId = "01KMVN3J80W0X4T7V9A2B3C4D5";
const error = { code: "http_status", message: "the target answered 503", retryable: true };

const input = {
  name: "Nightly report",
  handler: "http",
  params: { url: "https://example.org/report", method: "POST" },
  schedule: "0 2 * * *",
};
const job: Job = {
  tenantId: "default",
  uid: "0192f2b1-c000-7a3b-9f8e-7d6c5b4a3920",
  id: "nightly-report",
  version: 1,
  definitionHash: "",
  definition: definitionFrom(JobInputSchema.parse(input), at("01:00:00")),
  slot: 511,
  nextRunAt: at("02:00:00"),
  lastScheduledFor: null,
  firedCount: 0,
  misfires: null,
  state: "active",
  status: "pending",
  lastRun: null,
  createdAt: at("01:00:00"),
  updatedAt: at("01:00:00"),
};
const jobId = job.id;
const run = firstDueRun(job, { runId, cause: "schedule", scheduledFor: at("02:00:00") });
const ended = makeEndedRun(
  { ...run, attempt: 2 },
  { state: "succeeded", startedAt: at("02:00:02.110"), finishedAt: at("02:00:02.345"), output: { status: 200 } },
);
const asked = { source: "billing", subject: jobId, time: at("00:59:59.900"), tenantId: "default" } as const;
const createJob: CreateJob = {
  ...asked,
  id: "3b0c2f9e-7c1d-4f5a-9e57-0d4a1b6c8e21",
  type: "CreateJob",
  data: { jobId, job: input },
};

/** An example of each event. The document shows it, and its schemas are checked against it. */
export const EVENT_EXAMPLES: readonly TicklineEvent[] = [
  jobEvent("JobCreated", job),
  jobEvent("JobUpdated", { ...job, version: 2, state: "paused", nextRunAt: null, updatedAt: at("09:00:00") }),
  jobDeleted({ ...job, version: 3, state: "deleted", nextRunAt: null, updatedAt: at("10:00:00") }, { cancelRunning: false }),
  jobDue(run, at("02:00:00.003")),
  jobStarted({ run, token: "", leaseMs: 0, startedAt: at("02:00:00.009") }, "executor-1"),
  { ...asked, id: `${runId}-1-heartbeat-1`, type: "JobHeartbeat", source: "python-1", time: at("02:00:30"), data: { runId, attempt: 1 } },
  jobRetrying(run, { retryAt: at("02:00:02.100"), error, time: at("02:00:01.100"), startedAt: at("02:00:00.009") }),
  runEnded(ended, "tickline/executor"),
  runEnded(
    { ...ended, attempt: 1, state: "skipped", reason: "overlap", startedAt: null, finishedAt: at("02:00:00.012"), output: null },
    "tickline/executor",
  ),
  cancelRequested(runId, { id: `${runId}-cancel`, time: at("02:00:01"), source: "tickline/api", tenantId: "default" }),
  handlersChanged(["http"], { id: "executor-1-handlers", time: at("00:00:00"), source: "tickline/executor", tenantId: "default" }),
  runsReady(["default"], { id: `${runId}-ready`, time: at("02:00:00.001"), source: "tickline/api", tenantId: "default" }),
  createJob,
  { ...asked, id: "9d5e1c44-0b7a-4c58-8f6e-2a1f3b7d9c02", type: "TriggerJob", data: { jobId, params: null } },
  { ...asked, id: "c2a7e6b0-5d3f-4e19-b8a4-6f9c0d1e2b37", type: "CancelRun", data: { runId } },
  commandAnswered(createJob, { jobId, runId: null, result: { id: jobId, name: input.name, version: 1, state: "active" } }, at("01:00:00")),
  commandRefused(
    createJob,
    { code: "invalid_request", detail: "is required", errors: [{ pointer: "/schedule", code: "required", message: "is required" }] },
    at("01:00:00"),
  ),
];
