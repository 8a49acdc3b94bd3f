import type { z } from "zod";
import type { TicklineEvent } from "./event.ts";
import { CancelData, DueRunData, EndedData, HandlersData, JobData, ReadyData, RetryingData, StartedData } from "./event-data.ts";
import { CONTROL_TOPIC, dueTopic, JOBS_TOPIC, RUNS_TOPIC } from "./topics.ts";

/** One event as others see it: where it is said, what it means, what it carries. */
export interface EventDefinition {
  readonly type: TicklineEvent["type"];
  /** Where it is published; `{queue}` stands for the name of a queue. */
  readonly topic: string;
  /** `jobId`: the messages of one job keep their order. `none`: a repeat meets another partition, and maybe a freer one. */
  readonly key: "jobId" | "none";
  readonly summary: string;
  readonly data: z.ZodObject;
}

const DEFINITIONS: { readonly [Type in TicklineEvent["type"]]: Omit<EventDefinition, "type"> } = {
  JobCreated: { topic: JOBS_TOPIC, key: "jobId", summary: "A job was created.", data: JobData },
  JobUpdated: { topic: JOBS_TOPIC, key: "jobId", summary: "A job was edited, paused or resumed.", data: JobData },
  JobDeleted: { topic: JOBS_TOPIC, key: "jobId", summary: "A job was deleted.", data: JobData },
  JobDue: { topic: dueTopic("{queue}"), key: "none", summary: "A run waits for a worker. Only a claim starts it.", data: DueRunData },
  JobStarted: { topic: RUNS_TOPIC, key: "jobId", summary: "An attempt began. Best effort.", data: StartedData },
  JobRetrying: { topic: RUNS_TOPIC, key: "jobId", summary: "An attempt failed, and another follows. Best effort.", data: RetryingData },
  JobCompleted: { topic: RUNS_TOPIC, key: "jobId", summary: "A run came to its end.", data: EndedData },
  JobSkipped: { topic: RUNS_TOPIC, key: "jobId", summary: "A run, or a counted range of runs, did not run.", data: EndedData },
  CancelRequested: { topic: CONTROL_TOPIC, key: "none", summary: "A hint: somebody wants a run cancelled.", data: CancelData },
  HandlersChanged: { topic: CONTROL_TOPIC, key: "none", summary: "A hint: an executor published handlers.", data: HandlersData },
  RunsReady: { topic: CONTROL_TOPIC, key: "none", summary: "A hint: runs may be published.", data: ReadyData },
};

export const EVENT_DEFINITIONS: readonly EventDefinition[] = Object.entries(DEFINITIONS).map(([type, definition]) => ({
  type: type as TicklineEvent["type"], // The keys of the table are exactly these.
  ...definition,
}));
