import { toIso, toIsoOrNull } from "@tickline/shared/domain/time/instant";
import { readCancel, USER_AGENT_LENGTH_MAX, type RunCancel } from "@tickline/shared/domain/run/cancel";
import { JobIdSchema } from "@tickline/shared/domain/job/job-definition";
import { REASONS } from "@tickline/shared/domain/run/reason";
import { ERROR_STACK_MAX, RunErrorSchema, type AttemptError, type RunError } from "@tickline/shared/domain/run/run-error";
import { RUN_ID_PATTERN } from "@tickline/shared/domain/run/run-id";
import { RUN_STATES } from "@tickline/shared/domain/run/run-state";
import { pickRunDetails, RunIdentitySchema, type Attempt, type Run } from "@tickline/shared/domain/run/run";
import { JsonObjectSchema, JsonSchema, type JsonObject } from "@tickline/shared/domain/json/json";
import { z } from "zod";
import { durationMs, InstantView } from "./instant-view.ts";

export const RunIdView = z.string().regex(RUN_ID_PATTERN).meta({ id: "RunId", description: "Sorts by time of `scheduledFor`." });
export const RunStateView = z.enum(RUN_STATES).meta({ id: "RunState" });

export const RunErrorView = RunErrorSchema.meta({ id: "RunError" });

const AttemptErrorView = RunErrorView.extend({
  stack: z
    .string()
    .nullable()
    .optional()
    .meta({
      description: `The stack of an error of your own handler, at most ${ERROR_STACK_MAX} characters; null: none is known. Lists leave it out.`,
    }),
}).meta({ id: "AttemptError" });

const client = {
  address: z.string().nullable().meta({ description: "The address of the connection; behind a proxy that of the proxy." }),
  userAgent: z
    .string()
    .nullable()
    .meta({ description: `The header \`User-Agent\`, at most ${USER_AGENT_LENGTH_MAX} characters.` }),
};

const CancelView = z
  .object({
    requestedAt: InstantView,
    by: z.discriminatedUnion("kind", [
      z.object({ kind: z.enum(["api", "job_edited", "job_deleted"]), ...client }),
      z
        .object({ kind: z.literal("command"), source: z.string(), commandId: z.string() })
        .meta({ description: "A `CancelRun` command over Kafka." }),
      z
        .object({ kind: z.literal("overlap"), runId: RunIdView })
        .meta({ description: "The run that caused the cancel, under `cancel_running`." }),
      z
        .object({ kind: z.literal("executor"), executor: z.string() })
        .meta({ description: "A foreign executor cancelled it without a request." }),
    ]),
  })
  .meta({ id: "RunCancel" });

const ATTEMPT_STATES = ["running", "succeeded", "failed", "cancelled", "released", "lost"] as const satisfies readonly Attempt["state"][];

const AttemptView = z
  .object({
    attempt: z.int(),
    state: z.enum(ATTEMPT_STATES),
    startedAt: InstantView,
    finishedAt: InstantView.nullable(),
    durationMs: z.int().nullable().meta({ description: "From `startedAt` to `finishedAt`; null while the attempt runs." }),
    executor: z.string(),
    error: AttemptErrorView.nullable(),
  })
  .meta({ id: "Attempt" });

/** `others` of its identity a run shows as they are. */
const { tenantId: _t, runId: _r, jobUid: _u, jobId: _j, scheduledFor: _s, jobVersion, handler, ...others } = RunIdentitySchema.shape;

export const RunView = z
  .object({
    id: RunIdView,
    jobId: JobIdSchema,
    jobVersion: jobVersion.meta({ description: "The version of the job that all attempts of the run use." }),
    handler,
    ...others,
    params: JsonObjectSchema.nullable().meta({
      description: "The params of all attempts. Edits and deletion of the job do not change them. Null if they cannot be read.",
    }),
    scheduledFor: InstantView.meta({ description: "The nominal instant, or the time of the request." }),
    count: z.int().meta({ description: "The number of instants of this record: above 1 for a missed or skipped range." }),
    scheduledForLast: InstantView.nullable().meta({ description: "The last instant of a range." }),
    state: RunStateView,
    reason: z
      .enum(REASONS)
      .nullable()
      .meta({ description: "Why the run did not start, why it waits, or why it ended early: docs/api.md." }),
    attempt: z.int(),
    attempts: z.array(AttemptView).meta({ description: "The latest attempts." }),
    firstStartedAt: InstantView.nullable().meta({ description: "Start of the first attempt." }),
    startedAt: InstantView.nullable().meta({ description: "Start of the latest attempt." }),
    finishedAt: InstantView.nullable(),
    durationMs: z.int().nullable().meta({
      description:
        "From `firstStartedAt` to `finishedAt`, including waits between attempts; null if the run has not ended or did not start.",
    }),
    lateByMs: z.int().nullable().meta({ description: "From `scheduledFor` to the start of the first attempt." }),
    output: JsonSchema.meta({ description: "The value that the handler returned." }),
    error: RunErrorView.nullable().meta({
      description: "Why the run failed or was lost. While it waits for a retry: why the last attempt failed.",
    }),
    cancel: CancelView.nullable().meta({
      description: "Who requested the cancel first; null: no request is recorded. The run may still have ended in another way.",
    }),
    retryOf: RunIdView.nullable(),
  })
  .meta({ id: "Run" });
export type RunView = z.infer<typeof RunView>;

export const showError = (error: RunError | null): RunError | null =>
  error === null ? null : { code: error.code, message: error.message, retryable: error.retryable };

/** The answer for a run. It is not made by the schema, because answers are frequent and schemas are slow. A test compares the two. */
export const showRun = (run: Run, params: JsonObject | null): RunView => ({
  ...showListedRun(run, params),
  attempts: run.attempts.map((attempt) => ({ ...showAttempt(attempt), error: showAttemptError(attempt.error) })),
});

/** The item of a list: without stacks, and before the long fields are left out. */
export function showListedRun(run: Run, params: JsonObject | null): RunView {
  return {
    id: run.runId,
    jobId: run.jobId,
    ...pickRunDetails(run),
    params,
    scheduledFor: toIso(run.scheduledFor),
    count: run.count,
    scheduledForLast: toIsoOrNull(run.scheduledForLast),
    state: run.state,
    reason: run.reason,
    attempt: run.attempt,
    attempts: run.attempts.map(showAttempt),
    firstStartedAt: toIsoOrNull(run.firstStartedAt),
    startedAt: toIsoOrNull(run.startedAt),
    finishedAt: toIsoOrNull(run.finishedAt),
    durationMs: durationMs(run.firstStartedAt, run.finishedAt),
    lateByMs: durationMs(run.scheduledFor, run.firstStartedAt),
    output: run.output,
    error: showError(run.error),
    cancel: showCancel(readCancel(run)),
    retryOf: run.retryOf,
  };
}

const showAttempt = ({ attempt, state, startedAt, finishedAt, executor, error }: Attempt): RunView["attempts"][number] => ({
  attempt,
  state,
  startedAt: toIso(startedAt),
  finishedAt: toIsoOrNull(finishedAt),
  durationMs: durationMs(startedAt, finishedAt),
  executor,
  error: showError(error),
});

const showAttemptError = (error: AttemptError | null): RunView["attempts"][number]["error"] =>
  error === null ? null : { code: error.code, message: error.message, retryable: error.retryable, stack: error.stack ?? null };

const showCancel = (cancel: RunCancel | null): RunView["cancel"] =>
  cancel === null ? null : { requestedAt: toIso(cancel.requestedAt), by: cancel.by };
