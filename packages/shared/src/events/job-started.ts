import { z } from "zod";
import { DueRunSchema, type ClaimedRun } from "../domain/run/due-run.ts";
import { InstantSchema } from "../domain/time/instant.ts";
import type { Envelope } from "./envelope.ts";

const { runId, jobUid, jobId, slot, jobVersion, queue, cause, scheduledFor, attempt } = DueRunSchema.shape;

export const JobStartedData = z.object({
  runId,
  jobUid,
  jobId,
  slot,
  jobVersion,
  queue,
  cause,
  scheduledFor,
  attempt,
  startedAt: InstantSchema,
  executor: z.string(),
});
type JobStartedData = Readonly<z.output<typeof JobStartedData>>;

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
