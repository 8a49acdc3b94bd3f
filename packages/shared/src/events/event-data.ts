import { z } from "zod";
import type { DueRun } from "../domain/due-run.ts";
import { JOB_STATES } from "../domain/job.ts";
import { UNCERTAIN_POLICIES } from "../domain/job-definition.ts";
import { JsonObjectSchema, JsonSchema } from "../domain/json.ts";
import { REASONS } from "../domain/reason.ts";
import { RetryPolicySchema } from "../domain/retry-policy.ts";
import type { RunError } from "../domain/run-error.ts";
import { RUN_CAUSES, type LastRun } from "../domain/run.ts";
import { RUN_STATES } from "../domain/run-state.ts";
import type { EndedRun } from "../domain/settlement.ts";
import type { CancelRequested, HandlersChanged, RunsReady } from "./control-event.ts";
import type { JobDeletedData, JobEventData } from "./job-event.ts";
import type { JobHeartbeatData } from "./job-heartbeat.ts";
import type { JobRetryingData } from "./job-retrying.ts";
import type { JobStartedData } from "./job-started.ts";

/**
 * The data of every event, as a schema. All that leaves the process is made from it: Avro and its `.avsc` files, JSON,
 * the AsyncAPI document. To add a field, give it `.default(…)` or make it nullable, so that old readers and old
 * writers go on; a field is never renamed, nor given another type.
 */
const Instant = z.int().meta({ wire: "instant" });
export const AnyJson = JsonSchema.meta({ wire: "json", description: "Any JSON." });
const Params = JsonObjectSchema.meta({ wire: "jsonObject", description: "What the job hands to its handler." });
const About = {
  runId: z.string().meta({ description: "The run. A repeat of the message has the same." }),
  jobUid: z.string().meta({ description: "The job, as it was created: another job under the same id has another." }),
  jobId: z.string(),
  slot: z.int().meta({ description: "The part of the jobs it belongs to, from 0 to 1,023." }),
};
const attempt = z.int().meta({ description: "Numbered from 1; it rises with every start, also after a rescue." });
const cause = z.enum(RUN_CAUSES);
const scheduledFor = Instant.meta({ description: "The nominal instant that the schedule produced, or of the request." });

const RunErrorData = z
  .object({ code: z.string(), message: z.string(), retryable: z.boolean() })
  .meta({ title: "RunError" }) satisfies z.ZodType<RunError>;

const LastRunData = z
  .object({
    runId: z.string(),
    state: z.enum(RUN_STATES),
    scheduledFor: Instant,
    startedAt: Instant.nullable(),
    finishedAt: Instant.nullable(),
    attempt: z.int(),
    error: RunErrorData.nullable(),
  })
  .meta({ title: "LastRun", description: "The job's run before this one." }) satisfies z.ZodType<LastRun>;

export const DueRunData = z.object({
  tenantId: z.string(),
  ...About,
  jobVersion: z.int(),
  queue: z.string(),
  handler: z.string(),
  cause,
  scheduledFor,
  attempt,
  failures: z.int().meta({ description: "Failed attempts so far." }),
  rescues: z.int().meta({ description: "Times its executor vanished." }),
  firstStartedAt: Instant.nullable(),
  exclusive: z.boolean().meta({ description: "No other run of the job may be in progress beside it." }),
  params: Params,
  timeoutMs: z.int().meta({ description: "Longest time one attempt may take, in milliseconds." }),
  retry: RetryPolicySchema.meta({ title: "RetryPolicy" }),
  onUncertain: z.enum(UNCERTAIN_POLICIES),
  workersMax: z
    .int()
    .nullable()
    .default(null)
    .meta({ description: "Workers of one executor that runs of the job may hold at once; null: as the executor has it." }),
  lastRun: LastRunData.nullable(),
}) satisfies z.ZodType<DueRun>;

export const JobData = z.object({
  jobUid: About.jobUid,
  jobId: z.string(),
  version: z.int().meta({ description: "Counts changes of the definition and of pause, from 1." }),
  state: z.enum([...JOB_STATES, "deleted"]),
  slot: About.slot,
  nextRunAt: Instant.nullable(),
  name: z.string(),
  handler: z.string(),
  queue: z.string(),
}) satisfies z.ZodType<JobEventData>;

export const DeletedData = JobData.extend({
  cancelRunning: z.boolean().default(false).meta({ description: "Its runs in progress are cancelled as well; false: they may finish." }),
}) satisfies z.ZodType<JobDeletedData>;

export const StartedData = z.object({
  ...About,
  jobVersion: z.int(),
  queue: z.string(),
  cause,
  scheduledFor,
  attempt,
  startedAt: Instant,
  executor: z.string(),
}) satisfies z.ZodType<JobStartedData>;

export const HeartbeatData = z.object({ runId: About.runId, attempt }) satisfies z.ZodType<JobHeartbeatData>;

export const RetryingData = z.object({
  ...About,
  scheduledFor,
  attempt: attempt.meta({ description: "The attempt that failed." }),
  startedAt: Instant.nullable(),
  retryAt: Instant,
  error: RunErrorData,
}) satisfies z.ZodType<JobRetryingData>;

export const EndedData = z.object({
  tenantId: z.string(),
  runId: About.runId,
  jobUid: About.jobUid,
  jobId: z.string(),
  jobVersion: z.int(),
  queue: z.string(),
  handler: z.string(),
  cause,
  scheduledFor,
  count: z.int().meta({ description: "Instants this record stands for: above 1 only for a range of runs that did not run." }),
  scheduledForLast: Instant.nullable(),
  attempt,
  state: z.enum(RUN_STATES),
  reason: z.enum(REASONS).nullable().meta({ description: "Why it did not run." }),
  startedAt: Instant.nullable(),
  finishedAt: Instant,
  output: AnyJson.meta({ description: "What the handler returned." }),
  error: RunErrorData.nullable(),
}) satisfies z.ZodType<EndedRun>;

export const CancelData = z.object({ runId: z.string() }) satisfies z.ZodType<CancelRequested["data"]>;
export const HandlersData = z.object({ types: z.array(z.string()) }) satisfies z.ZodType<HandlersChanged["data"]>;
export const ReadyData = z.object({ queues: z.array(z.string()) }) satisfies z.ZodType<RunsReady["data"]>;
