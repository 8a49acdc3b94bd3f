import type { z } from "zod";
import { AnsweredData, CancelRunCommandData, CreateData, RefusedData, TriggerData } from "./command-data.ts";
import type { TicklineEvent } from "./event.ts";
import {
  CancelData,
  DeletedData,
  DueRunData,
  EndedData,
  HandlersData,
  HeartbeatData,
  JobData,
  ReadyData,
  RetryingData,
  StartedData,
} from "./event-data.ts";
import { COMMANDS_TOPIC, CONTROL_TOPIC, dueTopic, JOBS_TOPIC, REPLIES_TOPIC, REPORTS_TOPIC, RUNS_TOPIC } from "./topics.ts";

/** A topic on which an event is said, and by whom. */
export interface EventPlace {
  /** `{queue}` stands for the name of a queue. */
  readonly topic: string;
  readonly saidBy: "tickline" | "others";
}

/** One event as others see it: where it is said, what it means, what it carries. */
export interface EventDefinition {
  readonly type: TicklineEvent["type"];
  readonly places: readonly EventPlace[];
  /** `jobId`: the messages of one job keep their order. `none`: a repeat meets another partition, and maybe a freer one. */
  readonly key: "jobId" | "none";
  readonly summary: string;
  readonly data: z.ZodObject;
}

const by =
  (saidBy: EventPlace["saidBy"]) =>
  (topic: string): EventPlace => ({ topic, saidBy });
const [ours, theirs] = [by("tickline"), by("others")];
const jobs = { places: [ours(JOBS_TOPIC)], key: "jobId", data: JobData } as const;
const runs = { places: [ours(RUNS_TOPIC)], key: "jobId" } as const;
/** What our executors say, and foreign ones report. */
const reported = { places: [ours(RUNS_TOPIC), theirs(REPORTS_TOPIC)], key: "jobId" } as const;
const hint = { places: [ours(CONTROL_TOPIC)], key: "none" } as const;
const command = { places: [theirs(COMMANDS_TOPIC)], key: "jobId" } as const;
const reply = { places: [ours(REPLIES_TOPIC)], key: "none" } as const;

const DEFINITIONS: { readonly [Type in TicklineEvent["type"]]: Omit<EventDefinition, "type"> } = {
  JobCreated: { ...jobs, summary: "A job was created." },
  JobUpdated: { ...jobs, summary: "A job was edited, paused or resumed." },
  JobDeleted: { ...jobs, data: DeletedData, summary: "A job was deleted." },
  JobDue: {
    places: [ours(dueTopic("{queue}"))],
    key: "none",
    summary: "A run waits for a worker. Only a claim starts it.",
    data: DueRunData,
  },
  JobStarted: { ...reported, summary: "An attempt began. Best effort.", data: StartedData },
  JobHeartbeat: {
    places: [theirs(REPORTS_TOPIC)],
    key: "jobId",
    summary: "A foreign executor is still at work on an attempt.",
    data: HeartbeatData,
  },
  JobRetrying: { ...runs, summary: "An attempt failed, and another follows. Best effort.", data: RetryingData },
  JobCompleted: { ...reported, summary: "A run came to its end.", data: EndedData },
  JobSkipped: { ...runs, summary: "A run, or a counted range of runs, did not run.", data: EndedData },
  CancelRequested: { ...hint, summary: "A hint: somebody wants a run cancelled.", data: CancelData },
  HandlersChanged: { ...hint, summary: "A hint: an executor published handlers.", data: HandlersData },
  RunsReady: { ...hint, summary: "A hint: runs may be published.", data: ReadyData },
  CreateJob: { ...command, summary: "Another service wants a job created.", data: CreateData },
  TriggerJob: { ...command, summary: "Another service wants a job run now.", data: TriggerData },
  CancelRun: { ...command, summary: "Another service wants a run cancelled.", data: CancelRunCommandData },
  CommandAnswered: { ...reply, summary: "A command was carried out.", data: AnsweredData },
  CommandRefused: { ...reply, summary: "A command was not carried out, and why.", data: RefusedData },
};

export const EVENT_DEFINITIONS: readonly EventDefinition[] = Object.entries(DEFINITIONS).map(([type, definition]) => ({
  type: type as TicklineEvent["type"], // The keys of the table are exactly these.
  ...definition,
}));
