import { expect, test } from "@jest/globals";
import { ALL_SLOTS } from "../../../domain/slot.ts";
import { jobEvent } from "../../../events/job-event.ts";
import { addJob, addRun, readRun, retryIn, settle, start, wake } from "../../../testing/contracts/store-steps.ts";
import { HOUR, newJob, MINUTE, SECOND, START } from "../../../testing/factories.ts";
import { newFire } from "../../../testing/factories-fire.ts";
import { groupFires } from "../jobs/fire-groups.ts";
import { type TwoStores, twoStores } from "../claims/interrupted-store.test-support.ts";
import { memoryContext } from "../collections/memory-rows.test-support.ts";
import { createPorts } from "../ports.ts";

const LATER = START + HOUR;

/** Ended by a request of `START` that took until `LATER`, by the store's clock. */
const settledAt = ({ rows }: TwoStores) => rows().map((row) => row.settledAt);

test("a run that escapes a cancel, and is cancelled after all, ends when that was, and not before it started", async () => {
  const stores = twoStores(() => LATER);
  const { store, other } = stores;
  const run = await addRun(store, await addJob(store));
  const held = await start(store, run, { now: START + MINUTE });
  stores.interruptAt(1, { when: "before", act: () => settle(store, held, { result: { kind: "released" }, now: START + MINUTE }) });
  const outcome = await other.control.cancel(run.tenantId, { runId: run.runId, now: START });
  expect(stores.goOn()).toBe(true);
  expect(outcome).toMatchObject({ kind: "cancelled", run: { startedAt: START + MINUTE, finishedAt: LATER } });
  expect(settledAt(stores)).toEqual([LATER]);
});

test("a run that is cancelled at once ends at the time of the request", async () => {
  const { store } = twoStores(() => LATER);
  const run = await addRun(store, await addJob(store));
  await store.control.cancel(run.tenantId, { runId: run.runId, now: START });
  expect(await readRun(store, run)).toMatchObject({ finishedAt: START });
});

test("the runs of fires that had to be completed first end when that was done", async () => {
  const context = memoryContext(undefined, { serverNow: () => LATER });
  const job = newJob();
  await createPorts(context).jobs.create(job.tenantId, { job, event: jobEvent("JobCreated", job) });
  await context.rows.jobs.updateEach(groupFires([newFire(job)], { token: "fire", now: START }));
  const request = { jobUid: job.uid, now: START, limit: 10 };
  expect(await createPorts(context).control.cancelOpen(job.tenantId, request)).toMatchObject([{ state: "cancelled", finishedAt: LATER }]);
});

test("what waits too long, and was started, is settled at the time at which it was found", async () => {
  const stores = twoStores(() => LATER);
  const { store } = stores;
  const run = await addRun(store, await addJob(store));
  await settle(store, await start(store, run), { result: retryIn(SECOND) });
  await wake(store, START + SECOND);
  const request = { shard: ALL_SLOTS, dueBefore: START + MINUTE, now: START + 2 * MINUTE, limit: 10 };
  expect(await store.dueRuns.closeWaiting(request)).toMatchObject([{ runId: run.runId, state: "failed", finishedAt: LATER }]);
  expect(settledAt(stores)).toEqual([LATER]);
});
