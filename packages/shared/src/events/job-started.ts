import type { ClaimedRun } from "../domain/due-run.ts";
import type { Instant } from "../domain/instant.ts";
import type { RunCause } from "../domain/run.ts";
import type { Envelope } from "./envelope.ts";

export interface JobStartedData {
  readonly runId: string;
  readonly jobUid: string;
  readonly jobId: string;
  readonly jobVersion: number;
  readonly slot: number;
  readonly queue: string;
  readonly cause: RunCause;
  readonly scheduledFor: Instant;
  readonly attempt: number;
  readonly startedAt: Instant;
  readonly executor: string;
}

/** An attempt began. Best effort: `JobCompleted` repeats `startedAt`. */
export type JobStarted = Envelope<"JobStarted", JobStartedData>;

export const jobStarted = ({ run, startedAt }: ClaimedRun, executor: string): JobStarted => ({
  id: `${run.runId}-${run.attempt}-started`,
  type: "JobStarted",
  source: "tickline/executor",
  subject: run.jobId,
  time: startedAt,
  tenantId: run.tenantId,
  data: {
    runId: run.runId,
    jobUid: run.jobUid,
    jobId: run.jobId,
    jobVersion: run.jobVersion,
    slot: run.slot,
    queue: run.queue,
    cause: run.cause,
    scheduledFor: run.scheduledFor,
    attempt: run.attempt,
    startedAt,
    executor,
  },
});
