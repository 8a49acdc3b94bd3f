import { z } from "zod";
import { DueRunSchema, type DueRun } from "../domain/run/due-run.ts";
import { InstantSchema, type Instant } from "../domain/time/instant.ts";
import { RunErrorField, type RunError } from "../domain/run/run-error.ts";
import type { Envelope } from "./envelope.ts";

const { runId, jobUid, jobId, slot, scheduledFor, attempt } = DueRunSchema.shape;

export const JobRetryingData = z.object({
  runId,
  jobUid,
  jobId,
  slot,
  scheduledFor,
  attempt: attempt.meta({ description: "The attempt that failed." }),
  /** Of that attempt; null: unknown to the sender. */
  startedAt: InstantSchema.nullable(),
  retryAt: InstantSchema,
  error: RunErrorField,
});
type JobRetryingData = Readonly<z.output<typeof JobRetryingData>>;

/** An attempt failed, and another follows at `retryAt`. Best effort. */
export type JobRetrying = Envelope<"JobRetrying", JobRetryingData>;

export const jobRetrying = (
  run: DueRun,
  retry: { retryAt: Instant; error: RunError; time: Instant; startedAt?: Instant },
): JobRetrying => ({
  id: `${run.runId}-${run.attempt}-retrying`,
  type: "JobRetrying",
  source: "tickline/executor",
  subject: run.jobId,
  time: retry.time,
  tenantId: run.tenantId,
  data: {
    runId: run.runId,
    jobUid: run.jobUid,
    jobId: run.jobId,
    slot: run.slot,
    scheduledFor: run.scheduledFor,
    attempt: run.attempt,
    startedAt: retry.startedAt ?? null,
    retryAt: retry.retryAt,
    error: retry.error,
  },
});
