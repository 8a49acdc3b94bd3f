import type { z } from "zod";
import { DueRunSchema } from "../domain/run/due-run.ts";
import { EndedRunSchema } from "../domain/run/settlement.ts";
import { CancelRunData, CreateJobData, TriggerJobData } from "./command.ts";
import { CancelRequestedData, HandlersChangedData, RunsReadyData } from "./control-event.ts";
import type { TicklineEvent } from "./event.ts";
import { JobDeletedData, JobEventData } from "./job-event.ts";
import { JobHeartbeatData } from "./job-heartbeat.ts";
import { JobRetryingData } from "./job-retrying.ts";
import { JobStartedData } from "./job-started.ts";
import { CommandAnsweredData, CommandRefusedData } from "./reply.ts";
import { COMMANDS_TOPIC, CONTROL_TOPIC, dueTopic, JOBS_TOPIC, REPLIES_TOPIC, REPORTS_TOPIC, RUNS_TOPIC } from "./topics.ts";

/** A topic of an event, and who publishes on it. */
export interface EventPlace {
  /** `{queue}` stands for the name of a queue. */
  readonly topic: string;
  readonly saidBy: "tickline" | "others";
}

/**
 * The data of every event has a schema, in the file of the event. Everything else is made from it: Avro and its `.avsc` files,
 * JSON, the stream of events, the AsyncAPI document. To add a field, give it `.default(…)` or make it nullable, so that old readers and old
 * writers still work. A field is never renamed, and never gets another type.
 */

/** One event for documentation and formats: topics, meaning, schema. */
export interface EventDefinition {
  readonly type: TicklineEvent["type"];
  readonly places: readonly EventPlace[];
  /** `jobId`: the messages of one job keep their order. `none`: a repeat goes to another partition, which may be less busy. */
  readonly key: "jobId" | "none";
  readonly summary: string;
  readonly data: z.ZodObject;
}

const by =
  (saidBy: EventPlace["saidBy"]) =>
  (topic: string): EventPlace => ({ topic, saidBy });
const [ours, theirs] = [by("tickline"), by("others")];
const jobs = { places: [ours(JOBS_TOPIC)], key: "jobId", data: JobEventData } as const;
const runs = { places: [ours(RUNS_TOPIC)], key: "jobId" } as const;
/** Events that our executors publish, and foreign ones report. */
const reported = { places: [ours(RUNS_TOPIC), theirs(REPORTS_TOPIC)], key: "jobId" } as const;
const hint = { places: [ours(CONTROL_TOPIC)], key: "none" } as const;
const command = { places: [theirs(COMMANDS_TOPIC)], key: "jobId" } as const;
const reply = { places: [ours(REPLIES_TOPIC)], key: "none" } as const;

const DEFINITIONS: { readonly [Type in TicklineEvent["type"]]: Omit<EventDefinition, "type"> } = {
  JobCreated: { ...jobs, summary: "A job was created." },
  JobUpdated: { ...jobs, summary: "A job was edited, paused or resumed." },
  JobDeleted: { ...jobs, data: JobDeletedData, summary: "A job was deleted." },
  JobDue: {
    places: [ours(dueTopic("{queue}"))],
    key: "none",
    summary: "A run waits for a worker. Only a claim starts it.",
    data: DueRunSchema,
  },
  JobStarted: { ...reported, summary: "An attempt began. Best effort.", data: JobStartedData },
  JobHeartbeat: {
    places: [theirs(REPORTS_TOPIC)],
    key: "jobId",
    summary: "A foreign executor is still at work on an attempt.",
    data: JobHeartbeatData,
  },
  JobRetrying: { ...runs, summary: "An attempt failed, and another follows. Best effort.", data: JobRetryingData },
  JobCompleted: { ...reported, summary: "A run came to its end.", data: EndedRunSchema },
  JobSkipped: { ...runs, summary: "A run, or a counted range of runs, did not run.", data: EndedRunSchema },
  CancelRequested: { ...hint, summary: "A hint: somebody wants a run cancelled.", data: CancelRequestedData },
  HandlersChanged: { ...hint, summary: "A hint: an executor published handlers.", data: HandlersChangedData },
  RunsReady: { ...hint, summary: "A hint: runs may be published.", data: RunsReadyData },
  CreateJob: { ...command, summary: "Another service wants a job created.", data: CreateJobData },
  TriggerJob: { ...command, summary: "Another service wants a job run now.", data: TriggerJobData },
  CancelRun: { ...command, summary: "Another service wants a run cancelled.", data: CancelRunData },
  CommandAnswered: { ...reply, summary: "A command was carried out.", data: CommandAnsweredData },
  CommandRefused: { ...reply, summary: "A command was not carried out, and why.", data: CommandRefusedData },
};

export const EVENT_DEFINITIONS: readonly EventDefinition[] = Object.entries(DEFINITIONS).map(([type, definition]) => ({
  type: type as TicklineEvent["type"], // The keys of the table are exactly these.
  ...definition,
}));
