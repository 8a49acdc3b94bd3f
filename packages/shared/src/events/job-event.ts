import type { Instant } from "../domain/instant.ts";
import type { Job } from "../domain/job.ts";
import type { Envelope } from "./envelope.ts";

/** What the scheduler and other services need to know of a job that was written. */
export interface JobEventData {
  readonly jobUid: string;
  readonly jobId: string;
  readonly version: number;
  readonly state: Job["state"];
  readonly slot: number;
  readonly nextRunAt: Instant | null;
  readonly name: string;
  readonly handler: string;
  readonly queue: string;
}

export interface JobDeletedData extends JobEventData {
  /** Whoever deleted it wants its runs in progress cancelled as well. Absent: they may finish. */
  readonly cancelRunning?: boolean;
}

export type JobCreated = Envelope<"JobCreated", JobEventData>;
/** Any edit: PUT, PATCH, pause, resume. */
export type JobUpdated = Envelope<"JobUpdated", JobEventData>;
export type JobDeleted = Envelope<"JobDeleted", JobDeletedData>;
export type JobEvent = JobCreated | JobUpdated | JobDeleted;

/** The event of one write of a job. Its id names the version, so that a repeat from the outbox is known as one. */
export const jobEvent = (type: JobEvent["type"], job: Job): JobEvent => ({
  id: `${job.uid}-${job.version}-${type}`,
  type,
  source: "tickline/api",
  subject: job.id,
  time: job.updatedAt,
  tenantId: job.tenantId,
  data: {
    jobUid: job.uid,
    jobId: job.id,
    version: job.version,
    state: job.state,
    slot: job.slot,
    nextRunAt: job.nextRunAt,
    name: job.definition.name,
    handler: job.definition.handler,
    queue: job.definition.queue,
  },
});

/** The same of a deletion, with what is to become of the runs in progress: the event stays in the outbox until that is done. */
export function jobDeleted(job: Job, { cancelRunning }: { readonly cancelRunning: boolean }): JobDeleted {
  const event = jobEvent("JobDeleted", job);
  return { ...event, type: "JobDeleted", data: { ...event.data, cancelRunning } };
}
