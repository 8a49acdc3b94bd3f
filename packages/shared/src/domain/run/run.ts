import { z } from "zod";
import type { RunCancel } from "./cancel.ts";
import { type Instant, InstantSchema } from "../time/instant.ts";
import { readPriority, type JobDefinition } from "../job/job-definition.ts";
import { JsonField } from "../json/json.ts";
import { PRIORITY_DEFAULT, PRIORITY_MAX } from "../queue/priority.ts";
import { REASONS } from "./reason.ts";
import { type AttemptError, RunErrorField } from "./run-error.ts";
import { RUN_STATES } from "./run-state.ts";

/** Why a run exists: its schedule, `POST /jobs/:id/trigger`, or `POST /runs/:id/retry`. */
export const RUN_CAUSES = ["schedule", "manual", "retry"] as const;
export type RunCause = (typeof RUN_CAUSES)[number];

/** One attempt of a run, as its history shows it. `state` is the state of the attempt, not of the run. */
export interface Attempt {
  readonly attempt: number;
  readonly state: AttemptState;
  readonly startedAt: Instant;
  readonly finishedAt: Instant | null;
  readonly executor: string;
  readonly error: AttemptError | null;
}

/** `released`: given back at shutdown before it could finish. `lost`: its executor exited or was unreachable. */
export type AttemptState = "running" | "succeeded" | "failed" | "cancelled" | "released" | "lost";

/** Attempts kept in a run's history; beyond it the oldest are dropped, and `attempt` still counts them. */
export const ATTEMPTS_KEPT_MAX = 20;

/** The identity of a run and its job. It is the same in all rows and events of a run, from its fire on. */
export const RunIdentitySchema = z.object({
  tenantId: z.string(),
  runId: z.string().meta({ description: "The run. A repeat of the message has the same." }),
  jobUid: z.string().meta({ description: "The job, as it was created: another job under the same id has another." }),
  jobId: z.string(),
  jobVersion: z.int(),
  queue: z.string(),
  /** Used for the order, and never compared: messages of older versions lack it. */
  priority: z
    .int()
    .min(0)
    .max(PRIORITY_MAX)
    .default(PRIORITY_DEFAULT)
    .meta({ description: "Urgency within the queue, as the job had it at the fire: from 0 to 9, the highest first." }),
  handler: z.string(),
  cause: z.enum(RUN_CAUSES),
  scheduledFor: InstantSchema.meta({ description: "The nominal instant that the schedule produced, or of the request." }),
});
export type RunIdentity = Readonly<z.output<typeof RunIdentitySchema>>;

/** Named field by field, as the other pickers are: picking by a list of names takes ten times as long, and each run is picked several times. */
export const pickRunIdentity = (from: RunIdentity): RunIdentity => ({
  tenantId: from.tenantId,
  runId: from.runId,
  jobUid: from.jobUid,
  jobId: from.jobId,
  jobVersion: from.jobVersion,
  queue: from.queue,
  priority: from.priority,
  handler: from.handler,
  cause: from.cause,
  scheduledFor: from.scheduledFor,
});

/** The identity without ids and instant: the fields that answers show unchanged. */
export const pickRunDetails = (from: RunIdentity): Omit<RunIdentity, "tenantId" | "runId" | "jobUid" | "jobId" | "scheduledFor"> => ({
  jobVersion: from.jobVersion,
  handler: from.handler,
  queue: from.queue,
  priority: from.priority,
  cause: from.cause,
});

/** The fields that a run takes from its job at the fire. */
export interface RunOrigin extends Pick<RunIdentity, "tenantId" | "jobUid" | "jobId" | "jobVersion"> {
  readonly slot: number;
  readonly definition: JobDefinition;
}

/** The identity of a new run of a job. */
export const identifyRun = (
  { tenantId, jobUid, jobId, jobVersion, definition }: RunOrigin,
  { runId, cause, scheduledFor }: Pick<RunIdentity, "runId" | "cause" | "scheduledFor">,
): RunIdentity => ({
  tenantId,
  runId,
  jobUid,
  jobId,
  jobVersion,
  queue: definition.queue,
  priority: readPriority(definition),
  handler: definition.handler,
  cause,
  scheduledFor,
});

/** The progress of a run: the fields that its history and the event of its end share. */
export const RunOutcomeSchema = RunIdentitySchema.extend({
  count: z.int().meta({ description: "Instants this record stands for: above 1 only for a range of runs that did not run." }),
  /** The end of such a range. */
  scheduledForLast: InstantSchema.nullable(),
  attempt: z.int().meta({ description: "Numbered from 1; it rises with every start, also after a rescue." }),
  state: z.enum(RUN_STATES),
  reason: z.enum(REASONS).nullable().meta({ description: "Why it did not run." }),
  /** Start of the latest attempt. */
  startedAt: InstantSchema.nullable(),
  finishedAt: InstantSchema.nullable(),
  output: JsonField.meta({ description: "What the handler returned." }),
  error: RunErrorField.nullable(),
});
export type RunOutcome = Readonly<z.output<typeof RunOutcomeSchema>>;

export const pickRunOutcome = (from: RunOutcome): RunOutcome => ({
  ...pickRunIdentity(from),
  count: from.count,
  scheduledForLast: from.scheduledForLast,
  attempt: from.attempt,
  state: from.state,
  reason: from.reason,
  startedAt: from.startedAt,
  finishedAt: from.finishedAt,
  output: from.output,
  error: from.error,
});

/** The record of one `scheduledFor`, or of one manual trigger. There is exactly one, also if it did not run. */
export interface Run extends RunOutcome {
  readonly attempts: readonly Attempt[];
  /** Start of the first attempt. */
  readonly firstStartedAt: Instant | null;
  readonly retryOf: string | null;
  readonly cancelRequested: boolean;
  /** Null: no cancel was requested, or by a version that did not record who. */
  readonly cancel: RunCancel | null;
  /** The time of the next step: a retry, a deferred or repeated publication, the expiry. */
  readonly wakeAt: Instant | null;
}

/** What a job stores of its latest run that started or ended. */
export const LastRunSchema = z.object({
  runId: z.string(),
  state: z.enum(RUN_STATES),
  scheduledFor: InstantSchema,
  startedAt: InstantSchema.nullable(),
  finishedAt: InstantSchema.nullable(),
  attempt: z.int(),
  error: RunErrorField.nullable(),
});
export type LastRun = Readonly<z.output<typeof LastRunSchema>>;

export const pickLastRun = ({ runId, state, scheduledFor, startedAt, finishedAt, attempt, error }: LastRun): LastRun => ({
  runId,
  state,
  scheduledFor,
  startedAt,
  finishedAt,
  attempt,
  error,
});

/** The run as lists show it when the request does not ask for outputs. */
export const withoutOutput = (run: Run): Run => (run.output === null ? run : { ...run, output: null });
