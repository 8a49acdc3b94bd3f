import type { DueRun } from "../domain/due-run.ts";
import type { Instant } from "../domain/instant.ts";
import type { RunError } from "../domain/run-error.ts";
import type { Envelope } from "./envelope.ts";

export interface JobRetryingData {
  readonly runId: string;
  readonly jobUid: string;
  readonly jobId: string;
  readonly slot: number;
  readonly scheduledFor: Instant;
  /** The attempt that failed. */
  readonly attempt: number;
  /** Start of that attempt; null where whoever says it does not know. */
  readonly startedAt: Instant | null;
  readonly retryAt: Instant;
  readonly error: RunError;
}

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
