import { expect, test } from "@jest/globals";
import type { z } from "zod";
import type { DueRun } from "../domain/due-run.ts";
import type { EndedRun } from "../domain/settlement.ts";
import type { CancelRequested, HandlersChanged, RunsReady } from "./control-event.ts";
import type { CancelRunData, CreateJobData, TriggerJobData } from "./command.ts";
import type { AnsweredData, CancelRunCommandData, CreateData, RefusedData, TriggerData } from "./command-data.ts";
import {
  DeletedData,
  DueRunData,
  type HeartbeatData,
  type CancelData,
  type EndedData,
  type HandlersData,
  type JobData,
  type ReadyData,
  type RetryingData,
  type StartedData,
} from "./event-data.ts";
import { EVENT_DEFINITIONS } from "./event-definitions.ts";
import type { CommandAnsweredData, CommandRefusedData } from "./reply.ts";
import type { JobHeartbeatData } from "./job-heartbeat.ts";
import type { JobDeletedData, JobEventData } from "./job-event.ts";
import type { JobRetryingData } from "./job-retrying.ts";
import type { JobStartedData } from "./job-started.ts";
import { sampleDueRun, sampleEvents } from "./sample-events.test-support.ts";

/** Whether a schema says exactly the fields of a type; that their values fit, `satisfies` says beside each schema. */
type SameFields<Schema extends z.ZodType, Type> = [keyof z.output<Schema>, keyof Type] extends [keyof Type, keyof z.output<Schema>]
  ? Type extends Writable<z.output<Schema>>
    ? true
    : false
  : false;
type Writable<Value> = Value extends readonly (infer Item)[]
  ? readonly Writable<Item>[]
  : Value extends object
    ? { readonly [Key in keyof Value]: Writable<Value[Key]> }
    : Value;

/** Checked by the compiler: a field that one side lacks makes its line a type error. */
const SAME: readonly true[] = [
  true satisfies SameFields<typeof DueRunData, DueRun>,
  true satisfies SameFields<typeof EndedData, EndedRun>,
  true satisfies SameFields<typeof JobData, JobEventData>,
  true satisfies SameFields<typeof StartedData, JobStartedData>,
  true satisfies SameFields<typeof RetryingData, JobRetryingData>,
  true satisfies SameFields<typeof CancelData, CancelRequested["data"]>,
  true satisfies SameFields<typeof HandlersData, HandlersChanged["data"]>,
  true satisfies SameFields<typeof ReadyData, RunsReady["data"]>,
  true satisfies SameFields<typeof HeartbeatData, JobHeartbeatData>,
  true satisfies SameFields<typeof CreateData, CreateJobData>,
  true satisfies SameFields<typeof TriggerData, TriggerJobData>,
  true satisfies SameFields<typeof CancelRunCommandData, CancelRunData>,
  true satisfies SameFields<typeof AnsweredData, CommandAnsweredData>,
  true satisfies SameFields<typeof RefusedData, CommandRefusedData>,
];

test("each schema has exactly the fields of its event", () => {
  expect(SAME).not.toContain(false);
});

test("each event that is said fits its schema, and nothing of it is dropped", () => {
  const schemas = new Map<string, z.ZodObject>(EVENT_DEFINITIONS.map(({ type, data }) => [type, data]));
  for (const { type, data } of sampleEvents()) expect(schemas.get(type)?.strict().parse(data)).toEqual(data);
  expect(new Set(sampleEvents().map(({ type }) => type))).toEqual(new Set(schemas.keys()));
});

test("what was said before there were these fields is read as it was meant", () => {
  const { workersMax: _, ...due } = sampleDueRun();
  expect(DueRunData.parse(due)).toEqual({ ...due, workersMax: null });
  const { cancelRunning: _said, ...data } = sampleEvents().find(({ type }) => type === "JobDeleted")!.data as JobDeletedData;
  expect(DeletedData.parse(data)).toEqual({ ...data, cancelRunning: false });
});
