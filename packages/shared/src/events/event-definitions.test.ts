import { expect, test } from "@jest/globals";
import type { z } from "zod";
import { DueRunSchema } from "../domain/run/due-run.ts";
import { EVENT_DEFINITIONS } from "./event-definitions.ts";
import { JobDeletedData } from "./job-event.ts";
import { sampleDueRun, sampleEvents } from "./sample-events.test-support.ts";

test("each event that is said fits its schema, and nothing of it is dropped", () => {
  const schemas = new Map<string, z.ZodObject>(EVENT_DEFINITIONS.map(({ type, data }) => [type, data]));
  for (const { type, data } of sampleEvents()) expect(schemas.get(type)?.strict().parse(data)).toEqual(data);
  expect(new Set(sampleEvents().map(({ type }) => type))).toEqual(new Set(schemas.keys()));
});

test("what was said before there were these fields is read as it was meant", () => {
  const { workersMax: _, ...due } = sampleDueRun();
  expect(DueRunSchema.parse(due)).toEqual({ ...due, workersMax: null });
  const { cancelRunning: _said, ...data } = sampleEvents().find(({ type }) => type === "JobDeleted")!.data as z.output<
    typeof JobDeletedData
  >;
  expect(JobDeletedData.parse(data)).toEqual({ ...data, cancelRunning: false });
});
