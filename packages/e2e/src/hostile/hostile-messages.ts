import { runIdFloor } from "@tickline/shared/domain/run/run-id";
import type { DueRun } from "@tickline/shared/domain/run/due-run";
import { RUN_STATES } from "@tickline/shared/domain/run/run-state";
import type { Instant } from "@tickline/shared/domain/time/instant";
import type { JsonObject } from "@tickline/shared/domain/json/json";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { COMMANDS_TOPIC, CONTROL_TOPIC, dueTopic, JOBS_TOPIC, REPORTS_TOPIC, RUNS_TOPIC } from "@tickline/shared/events/topics";
import { jsonCodec } from "@tickline/shared/events/wire/json-codec";

/** A message as a stranger writes it: nothing of it has to be right. */
export interface HostileMessage {
  readonly key: string | null;
  readonly value: Buffer | string | null;
  readonly headers: Readonly<Record<string, string | string[]>>;
}

/**
 * What becomes of it. `kept`: with the dead letters of its topic. `logged`: no group of its topic keeps any. `dropped`: it may be late, or
 * repeated. `hint`: it is followed, and the store says what is so. `answered`: by a refusal.
 */
export type Fate = "kept" | "logged" | "dropped" | "hint" | "answered" | "answered and kept";

export interface HostileRow {
  readonly name: string;
  readonly topic: string;
  readonly fate: Fate;
  readonly message: HostileMessage;
  /** Sent so often. Default 1. */
  readonly times?: number;
}

/** What there is to do harm to. */
export interface Victims {
  readonly now: Instant;
  /** Runs that wait, of a queue without an executor, and of a queue of foreign executors. */
  readonly waiting: DueRun;
  readonly foreign: DueRun;
  /** A run that one of our executors has. */
  readonly running: DueRun;
  /** The job that runs each second; a run of it that has ended. */
  readonly everySecond: DueRun;
  /** Params by which a forged run would be seen to have run. */
  readonly telltale: JsonObject;
}

const YEAR_MS = 31_536_000_000;
let made = 0;

/** An event as JSON, with whatever is to be wrong about it. */
function wire(
  event: TicklineEvent,
  changes: { headers?: Record<string, string | string[] | undefined>; value?: Buffer | string | null } = {},
): HostileMessage {
  const [encoded] = jsonCodec.encode([{ ...event, id: `hostile-${(made += 1)}` }]);
  if (encoded === undefined) throw new Error("an event is one message");
  const headers = Object.entries({ ...encoded.headers, ...changes.headers }).filter(([, text]) => text !== undefined);
  return {
    key: null,
    value: changes.value === undefined ? Buffer.from(encoded.value) : changes.value,
    headers: Object.fromEntries(headers) as HostileMessage["headers"],
  };
}

const event = (type: TicklineEvent["type"], data: object, over: object = {}): TicklineEvent =>
  ({ id: "", type, source: "stranger", subject: "", time: Date.now(), tenantId: "default", data, ...over }) as TicklineEvent;

/** Every row of the table: what can be wrong with any message, and who may say what. */
export function hostileRows(victims: Victims): readonly HostileRow[] {
  return [
    ...garbageRows(victims),
    ...dueRows(victims),
    ...newsRows(victims),
    ...hintRows(victims),
    ...reportRows(victims),
    ...commandRows(victims),
  ];
}

/** On every topic that some group shares, and whose dead letters are therefore kept. */
function garbageRows({ waiting, now }: Victims): HostileRow[] {
  const due = event("JobDue", waiting, { time: now });
  const headers = ["content-type", "ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "ce_tenantid"];
  const framed = (id: number): Buffer => Buffer.from([0, id >>> 24, (id >>> 16) & 255, (id >>> 8) & 255, id & 255, 1, 2, 3]);
  const avro = { "content-type": "application/avro" };
  const garbage: readonly (readonly [name: string, message: HostileMessage])[] = [
    ["bytes of no meaning", { key: "k", value: Buffer.from([0, 255, 254, 1]), headers: {} }],
    ["a null", { key: null, value: null, headers: {} }],
    ["a null with a good envelope", wire(due, { value: null })],
    ["nothing", wire(due, { value: "" })],
    ["half a JSON", wire(due, { value: "{" })],
    ["a list", wire(due, { value: "[]" })],
    ["what is not UTF-8", wire(due, { value: Buffer.from([0x7b, 0xff, 0x7d]) })],
    ["JSON nested without end", wire(due, { value: `${"[".repeat(50_000)}${"]".repeat(50_000)}` })],
    ["900 kilobytes of blanks", wire(due, { value: " ".repeat(900_000) })],
    ...headers.slice(1).map((name) => [`no ${name}`, wire(due, { headers: { [name]: undefined } })] as const),
    ["an empty ce_id", wire(due, { headers: { ce_id: "" } })],
    ["an endless ce_source", wire(due, { headers: { ce_source: "x".repeat(100_000) } })],
    ["a line break in ce_id", wire(due, { headers: { ce_id: "a\nb" } })],
    ["another version of CloudEvents", wire(due, { headers: { ce_specversion: "9.9" } })],
    ["no time of this world", wire(due, { headers: { ce_time: "the day after tomorrow" } })],
    ["names of Object.prototype for headers", { key: null, value: "{}", headers: { constructor: "x", toString: ["y", "z"] } }],
    [
      "two thousand headers",
      { key: null, value: "{}", headers: Object.fromEntries(Array.from({ length: 2_000 }, (_, at) => [`h${at}`, ""])) },
    ],
    ["a schema that does not exist", wire(due, { headers: avro, value: framed(999_999) })],
    ["a schema id that cannot exist", wire(due, { headers: avro, value: framed(0xffff_ffff) })],
    ["no frame of a schema", wire(due, { headers: avro, value: "hello" })],
  ];
  const topics = [dueTopic("default"), RUNS_TOPIC, REPORTS_TOPIC, COMMANDS_TOPIC];
  return topics.flatMap((topic) =>
    garbage.map(([name, message]): HostileRow => ({ name: `${topic}: ${name}`, topic, fate: "kept", message })),
  );
}

function dueRows({ waiting, everySecond, running, telltale, now }: Victims): HostileRow[] {
  const topic = dueTopic("default");
  const due = (run: Partial<DueRun>, over: object = {}): HostileMessage =>
    wire(event("JobDue", { ...waiting, queue: "default", ...run }, over));
  const nextSecond = Math.ceil(now / 1_000) * 1_000 + 2_000;
  const rows: readonly (readonly [name: string, fate: Fate, message: HostileMessage, times?: number])[] = [
    ["a run of another queue, with its own queue", "kept", due({ queue: waiting.queue })],
    ["a run of another queue, said to be of this one", "kept", due({})],
    ["params of its own", "kept", due({ params: telltale, handler: "http" })],
    ["a handler that no executor has", "kept", due({ handler: "nobody" })],
    ["a run to be quarantined", "kept", due({ rescues: 99, params: telltale, handler: "http" })],
    ["another tenant", "kept", due({ tenantId: "theirs" }, { tenantId: "theirs" })],
    ["an envelope of another tenant", "kept", due({}, { tenantId: "theirs" })],
    ["a negative attempt", "kept", due({ attempt: -1 })],
    ["an attempt beyond all numbers", "dropped", due({ attempt: Number.MAX_SAFE_INTEGER })],
    ["an id of another instant", "kept", due({ scheduledFor: waiting.scheduledFor + 1 })],
    ["an id that is none", "kept", due({ runId: "' OR 1=1 --" })],
    [
      "members named __proto__",
      "kept",
      wire(event("JobDue", { ...waiting, queue: "default", params: JSON.parse('{"__proto__":{"admin":true}}') as JsonObject })),
    ],
    [
      "a run that never was, fifty times",
      "dropped",
      due({ runId: `${runIdFloor(now)}0123456789ABCDEF`, scheduledFor: now, params: telltale }),
      50,
    ],
    [
      "a run of a second to come",
      "dropped",
      due({ ...everySecond, runId: `${runIdFloor(nextSecond)}0123456789ABCDEF`, scheduledFor: nextSecond, params: telltale }),
    ],
    ["a run that is running", "dropped", due({ ...running, params: telltale })],
    ["a run that has ended, ten times", "dropped", due({ ...everySecond, params: telltale }), 10],
    ["an event of another topic", "kept", wire(event("HandlersChanged", { types: ["http"] }))],
    ["a type of tomorrow", "dropped", wire(event("JobDue", waiting), { headers: { ce_type: "JobDreamt" } })],
  ];
  return rows.map(([name, fate, message, times]) => ({
    name: `due: ${name}`,
    topic,
    fate,
    message,
    ...(times !== undefined && { times }),
  }));
}

function newsRows({ everySecond, running, now }: Victims): HostileRow[] {
  const far = now + 10 * YEAR_MS;
  const ended = { count: 1, scheduledForLast: null, reason: null, startedAt: now, finishedAt: now, output: null, error: null };
  const about = (run: Partial<DueRun>): object => ({ ...everySecond, ...run });
  const invented = { runId: `${runIdFloor(far)}0123456789ABCDEF`, scheduledFor: far };
  const rows: readonly (readonly [name: string, fate: Fate, said: TicklineEvent])[] = [
    ["a start in ten years", "dropped", event("JobStarted", { ...about(invented), startedAt: now, executor: "x" })],
    ["an end in ten years", "dropped", event("JobCompleted", { ...about(invented), ...ended, state: "failed" })],
    ["a failure of a run that is running", "dropped", event("JobCompleted", { ...running, ...ended, state: "failed" })],
    [
      "a retry in the past",
      "dropped",
      event("JobRetrying", { ...running, startedAt: now, retryAt: 0, error: { code: "x", message: "y", retryable: true } }),
    ],
    ["an attempt before the first", "kept", event("JobStarted", { ...about({ attempt: 0 }), startedAt: now, executor: "x" })],
    ["an id of another instant", "kept", event("JobStarted", { ...about({ scheduledFor: far }), startedAt: now, executor: "x" })],
    ["an offer", "kept", event("JobDue", everySecond)],
  ];
  return rows.map(([name, fate, said]) => ({ name: `runs: ${name}`, topic: RUNS_TOPIC, fate, message: wire(said) }));
}

function hintRows({ everySecond, running, waiting, now }: Victims): HostileRow[] {
  const job = { ...everySecond, version: 99, name: "x" };
  const hint = (name: string, topic: string, said: TicklineEvent): HostileRow => ({ name, topic, fate: "hint", message: wire(said) });
  const garbage = (topic: string): HostileRow[] => [
    { name: `${topic}: garbage`, topic, fate: "logged", message: { key: null, value: Buffer.from([1, 2, 3]), headers: {} } },
    { name: `${topic}: a null`, topic, fate: "logged", message: { key: null, value: null, headers: {} } },
  ];
  return [
    hint("jobs: the job of every second is gone", JOBS_TOPIC, event("JobDeleted", { ...job, state: "deleted", nextRunAt: null })),
    hint("jobs: it is due in a year", JOBS_TOPIC, event("JobUpdated", { ...job, state: "active", nextRunAt: now + YEAR_MS })),
    hint("jobs: it is of another slot", JOBS_TOPIC, event("JobUpdated", { ...job, slot: 7, state: "active", nextRunAt: 0 })),
    {
      ...hint(
        "jobs: jobs that never were, two hundred times",
        JOBS_TOPIC,
        event("JobCreated", { ...job, jobUid: "nobody", state: "active", nextRunAt: 0 }),
      ),
      times: 200,
    },
    ...garbage(JOBS_TOPIC),
    {
      ...hint("control: fifty requests to cancel it", CONTROL_TOPIC, event("CancelRequested", { runId: running.runId })),
      times: 50,
    },
    hint("control: a run that waits", CONTROL_TOPIC, event("CancelRequested", { runId: waiting.runId })),
    hint(
      "control: handlers of all kinds",
      CONTROL_TOPIC,
      event("HandlersChanged", { types: Array.from({ length: 1_000 }, (_, at) => `h${at}`) }),
    ),
    {
      ...hint("control: runs are ready, two hundred times", CONTROL_TOPIC, event("RunsReady", { queues: ["default", "idle"] })),
      times: 200,
    },
    ...garbage(CONTROL_TOPIC),
  ];
}

function reportRows({ foreign, running, waiting, now }: Victims): HostileRow[] {
  const done = {
    count: 1,
    scheduledForLast: null,
    reason: null,
    startedAt: null,
    finishedAt: now,
    output: { forged: true },
    error: null,
    state: "succeeded",
  };
  const completed = (run: Partial<DueRun> & { runId: string }, over: object = {}, data: object = {}): HostileMessage =>
    wire(event("JobCompleted", { ...foreign, ...done, ...run, ...data }, { source: "python-9", ...over }));
  const beat = (runId: string, attempt: number): HostileMessage => wire(event("JobHeartbeat", { runId, attempt }, { source: "python-9" }));
  const rows: readonly (readonly [name: string, fate: Fate, message: HostileMessage, times?: number])[] = [
    ["the end of a run of ours", "kept", completed(running)],
    ["the end of a run of ours, said to be of their queue", "kept", completed({ ...running, queue: foreign.queue })],
    ["a heartbeat of a run of ours", "kept", beat(running.runId, running.attempt)],
    ["the end of a run that waits for ours", "kept", completed(waiting)],
    ["another queue", "kept", completed({ ...foreign, queue: "default" })],
    ["an attempt to come", "kept", completed({ ...foreign, attempt: foreign.attempt + 1 })],
    ["another tenant", "kept", completed({ ...foreign, tenantId: "theirs" }, { tenantId: "theirs" })],
    ["our executors' source", "kept", completed(foreign, { source: "tickline/executor" })],
    ["an id that is none", "kept", completed({ ...foreign, runId: "../x" })],
    ...RUN_STATES.filter((state) => !["succeeded", "failed", "cancelled"].includes(state)).map(
      (state) => [`the state ${state}`, "kept", completed(foreign, {}, { state })] as const,
    ),
    ["an offer", "kept", wire(event("JobDue", foreign))],
    ...Array.from(
      { length: 500 },
      (_, index) => [`heartbeat ${index} of no run`, "dropped", beat(`${runIdFloor(now)}${String(index).padStart(16, "0")}`, 1)] as const,
    ),
  ];
  return rows.map(([name, fate, message, times]) => ({
    name: `reports: ${name}`,
    topic: REPORTS_TOPIC,
    fate,
    message,
    ...(times !== undefined && { times }),
  }));
}

function commandRows({ everySecond, now }: Victims): HostileRow[] {
  const trigger = { jobId: everySecond.jobId, params: null };
  const rows: readonly (readonly [name: string, fate: Fate, message: HostileMessage])[] = [
    ["another tenant", "answered", wire(event("TriggerJob", trigger, { tenantId: "theirs" }))],
    ["too old", "answered", wire(event("TriggerJob", trigger, { time: now - YEAR_MS }))],
    ["from the future", "answered", wire(event("TriggerJob", trigger, { time: now + YEAR_MS }))],
    ["an id of blanks", "answered", wire(event("TriggerJob", trigger), { headers: { ce_id: "a b" } })],
    ["params of half a megabyte", "answered", wire(event("TriggerJob", { ...trigger, params: { x: "y".repeat(500_000) } }))],
    [
      "a job with thousands of fields",
      "answered",
      wire(event("CreateJob", { jobId: null, job: Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`field${at}`, 1])) })),
    ],
    ["data of nothing", "answered and kept", wire(event("TriggerJob", trigger), { value: "{}" })],
    ["a report", "kept", wire(event("JobHeartbeat", { runId: everySecond.runId, attempt: 1 }))],
  ];
  return rows.map(([name, fate, message]) => ({ name: `commands: ${name}`, topic: COMMANDS_TOPIC, fate, message }));
}
