import { z } from "zod";
import { InstantSchema } from "../domain/time/instant.ts";
import { JOB_STATES, type Job } from "../domain/job/job.ts";
import { RunIdentitySchema } from "../domain/run/run.ts";
import { SlotSchema } from "../domain/slot.ts";
import type { Envelope } from "./envelope.ts";

/** The fields of a written job that the scheduler and other services need. */
export const JobEventData = z.object({
  jobUid: RunIdentitySchema.shape.jobUid,
  jobId: z.string(),
  version: z.int().meta({ description: "Counts changes of the definition and of pause, from 1." }),
  state: z.enum([...JOB_STATES, "deleted"]),
  slot: SlotSchema,
  nextRunAt: InstantSchema.nullable(),
  name: z.string(),
  handler: z.string(),
  queue: z.string(),
});
type JobEventData = Readonly<z.output<typeof JobEventData>>;

export const JobDeletedData = JobEventData.extend({
  cancelRunning: z.boolean().default(false).meta({ description: "Its runs in progress are cancelled as well; false: they may finish." }),
});
/** An outbox may hold an event from before `cancelRunning` was added. */
type JobDeletedData = JobEventData & Partial<Readonly<z.output<typeof JobDeletedData>>>;

export type JobCreated = Envelope<"JobCreated", JobEventData>;
/** Any edit: PUT, PATCH, pause, resume. */
export type JobUpdated = Envelope<"JobUpdated", JobEventData>;
export type JobDeleted = Envelope<"JobDeleted", JobDeletedData>;
export type JobEvent = JobCreated | JobUpdated | JobDeleted;

/** The event of one write of a job. Its id names the version, so that a repeat from the outbox is recognized. */
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

/** The same for a deletion, with what to do with the runs in progress: the event stays in the outbox until that is done. */
export function jobDeleted(job: Job, { cancelRunning }: { readonly cancelRunning: boolean }): JobDeleted {
  const event = jobEvent("JobDeleted", job);
  return { ...event, type: "JobDeleted", data: { ...event.data, cancelRunning } };
}
