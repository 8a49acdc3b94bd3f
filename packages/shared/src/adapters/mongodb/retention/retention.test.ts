import { expect, test } from "@jest/globals";
import { jobEvent } from "../../../events/job-event.ts";
import { DAY, newJob, START } from "../../../testing/factories.ts";
import { newDefinitionRow } from "../jobs/definition-row.ts";
import { definedPart, newJobRow, type PendingFire } from "../jobs/job-row.ts";
import { memoryContext, type MemoryContext } from "../collections/memory-rows.test-support.ts";
import { createRetention } from "./retention.ts";

const LATER = START + 30 * DAY;
const SWEEP = { now: LATER, endedBefore: LATER, boundBefore: LATER, deletedBefore: LATER, limit: 100 };

const job = newJob({ state: "deleted", nextRunAt: null });
const fire: PendingFire = {
  cause: "manual",
  scheduledFor: START,
  count: 1,
  scheduledForLast: null,
  state: "due",
  reason: null,
  key: "k",
  retryOf: null,
  token: "fire",
  definitionHash: null,
  jobVersion: 1,
  firedAt: START,
};

/** A tombstone whose event is sent, with what is pending in it. */
async function setup(pending: readonly PendingFire[]): Promise<MemoryContext> {
  const context = memoryContext();
  await context.rows.jobs.insert([{ ...newJobRow(job, jobEvent("JobDeleted", job)), ...definedPart(job), outbox: [], pending }]);
  const key = { jobUid: job.uid, definitionHash: job.definitionHash };
  await context.rows.definitions.insert([newDefinitionRow(key, job.definition, { named: "n", lookAt: LATER + DAY })]);
  return context;
}

test("a tombstone of which nothing is pending goes with its definitions", async () => {
  const context = await setup([]);
  expect(await createRetention(context).sweep(SWEEP)).toMatchObject({ tombstones: 1 });
  expect(context.rows.definitions.all()).toEqual([]);
});

test("a tombstone keeps its definitions while a fire of it is pending whose run cannot be read yet", async () => {
  const context = await setup([fire]);
  const { runs } = context.rows;
  const unreadable: MemoryContext["rows"]["runs"] = { ...runs, insert: async () => [0], find: async () => [] };
  const behind = createRetention({ ...context, rows: { ...context.rows, runs: unreadable } });
  expect(await behind.sweep(SWEEP)).toMatchObject({ tombstones: 0 });
  expect(context.rows.definitions.all()).toHaveLength(1);
  const retention = createRetention(context);
  expect(await retention.sweep(SWEEP)).toMatchObject({ tombstones: 0 }); // It makes the run, and cancels it.
  expect(context.rows.runs.all()).toMatchObject([{ state: "cancelled", reason: "job_deleted" }]);
  expect(await retention.sweep(SWEEP)).toMatchObject({ tombstones: 1 });
});
