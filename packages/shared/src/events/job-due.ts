import type { DueRun } from "../domain/run/due-run.ts";
import type { Instant } from "../domain/time/instant.ts";
import type { Envelope } from "./envelope.ts";

/** A run waits for a worker. A hint: only a claim in the store starts it. */
export type JobDue = Envelope<"JobDue", DueRun>;

export const jobDue = (run: DueRun, time: Instant): JobDue => ({
  id: `${run.runId}-${run.attempt}-due`,
  type: "JobDue",
  source: "tickline/scheduler",
  subject: run.jobId,
  time,
  tenantId: run.tenantId,
  data: run,
});
