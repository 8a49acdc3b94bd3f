import { toIso, toIsoOrNull } from "@tickline/shared/domain/instant";
import { JobIdSchema } from "@tickline/shared/domain/job-definition";
import { REASONS } from "@tickline/shared/domain/reason";
import type { RunError } from "@tickline/shared/domain/run-error";
import { RUN_ID_PATTERN } from "@tickline/shared/domain/run-id";
import { RUN_STATES } from "@tickline/shared/domain/run-state";
import { RUN_CAUSES, type Attempt, type Run } from "@tickline/shared/domain/run";
import { JsonSchema } from "@tickline/shared/domain/json";
import { z } from "zod";
import { durationMs, InstantView } from "./instant-view.ts";

export const RunIdView = z.string().regex(RUN_ID_PATTERN).meta({ id: "RunId", description: "Sorts by time of `scheduledFor`." });
export const RunStateView = z.enum(RUN_STATES).meta({ id: "RunState" });

export const RunErrorView = z.object({ code: z.string(), message: z.string(), retryable: z.boolean() }).meta({ id: "RunError" });

const ATTEMPT_STATES = ["running", "succeeded", "failed", "cancelled", "released", "lost"] as const satisfies readonly Attempt["state"][];

const AttemptView = z
  .object({
    attempt: z.int(),
    state: z.enum(ATTEMPT_STATES),
    startedAt: InstantView,
    finishedAt: InstantView.nullable(),
    executor: z.string(),
    error: RunErrorView.nullable(),
  })
  .meta({ id: "Attempt" });

export const RunView = z
  .object({
    id: RunIdView,
    jobId: JobIdSchema,
    jobVersion: z.int().meta({ description: "The one version of the job that all its attempts use." }),
    handler: z.string(),
    queue: z.string(),
    cause: z.enum(RUN_CAUSES),
    scheduledFor: InstantView.meta({ description: "The nominal instant, or the time of the request." }),
    count: z.int().meta({ description: "Instants this record stands for: above 1 for a missed or skipped range." }),
    scheduledForLast: InstantView.nullable().meta({ description: "The last instant of a range." }),
    state: RunStateView,
    reason: z.enum(REASONS).nullable().meta({ description: "Why it did not run, or waits." }),
    attempt: z.int(),
    attempts: z.array(AttemptView).meta({ description: "The latest ones." }),
    startedAt: InstantView.nullable().meta({ description: "Start of the latest attempt." }),
    finishedAt: InstantView.nullable(),
    durationMs: z.int().nullable().meta({ description: "Of the latest attempt." }),
    lateByMs: z.int().nullable().meta({ description: "From `scheduledFor` to the start of the first attempt." }),
    output: JsonSchema.meta({ description: "What the handler returned." }),
    error: RunErrorView.nullable(),
    retryOf: RunIdView.nullable(),
  })
  .meta({ id: "Run" });
export type RunView = z.infer<typeof RunView>;

export const showError = (error: RunError | null): RunError | null =>
  error === null ? null : { code: error.code, message: error.message, retryable: error.retryable };

/** The answer for a run. Built field by field, because answers are many and schemas slow; a test holds the two equal. */
export function showRun(run: Run): RunView {
  return {
    id: run.runId,
    jobId: run.jobId,
    jobVersion: run.jobVersion,
    handler: run.handler,
    queue: run.queue,
    cause: run.cause,
    scheduledFor: toIso(run.scheduledFor),
    count: run.count,
    scheduledForLast: toIsoOrNull(run.scheduledForLast),
    state: run.state,
    reason: run.reason,
    attempt: run.attempt,
    attempts: run.attempts.map(showAttempt),
    startedAt: toIsoOrNull(run.startedAt),
    finishedAt: toIsoOrNull(run.finishedAt),
    durationMs: durationMs(run.startedAt, run.finishedAt),
    lateByMs: durationMs(run.scheduledFor, run.firstStartedAt),
    output: run.output,
    error: showError(run.error),
    retryOf: run.retryOf,
  };
}

const showAttempt = ({ attempt, state, startedAt, finishedAt, executor, error }: Attempt): RunView["attempts"][number] => ({
  attempt,
  state,
  startedAt: toIso(startedAt),
  finishedAt: toIsoOrNull(finishedAt),
  executor,
  error: showError(error),
});
