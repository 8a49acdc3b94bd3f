import { expect, test } from "@jest/globals";
import { ALL_SLOTS } from "../../domain/slot.ts";
import { jobEvent } from "../../events/job-event.ts";
import {
  addJob,
  addRun,
  claim,
  deleteJob,
  changeJob,
  publishable,
  readJob,
  readRun,
  start,
  unannounced,
  repair,
} from "../contracts/store-steps.ts";
import { editedJob, newJob, START } from "../factories.ts";
import { newDueRun, newEntry, newManualFire, newFire } from "../factories-fire.ts";
import { manualClock } from "../manual-clock.ts";
import { sha256 } from "../../adapters/system/digest.ts";
import type { StoreFaults } from "./faults.ts";
import { createMemoryStore, memoryStoreOver } from "./memory-store.ts";
import { createMemoryState } from "./state.ts";

const setup = (faults: StoreFaults) => createMemoryStore({ clock: manualClock(START), digest: sha256, faults });

/** A store whose fires crash while `crashing` is true. */
function crashingStore() {
  const faults = { crashing: true };
  return { faults, store: setup({ crashBeforeRuns: () => faults.crashing }) };
}

const fireAll = (store: ReturnType<typeof setup>, fires: Parameters<typeof store.dueJobs.fire>[0]["fires"]) =>
  store.dueJobs.fire({ fires, now: START, claimant: null, claimed: [] });

test("a fire that crashes before its runs has advanced its job, and repair makes the runs", async () => {
  const { store } = crashingStore();
  const job = await addJob(store);
  await expect(fireAll(store, [newFire(job)])).rejects.toMatchObject({ code: "store_unavailable", retryable: true });
  expect((await store.jobs.get(job.tenantId, job.id))?.firedCount).toBe(1);
  expect(await publishable(store)).toEqual([]);
  expect(await repair(store, { shard: { from: 0, to: job.slot } })).toBe(0);
  expect(await repair(store, { firedBefore: START })).toBe(0);
  expect(await repair(store)).toBe(1);
  expect(await publishable(store)).toEqual([newDueRun(job)]);
  expect(await repair(store)).toBe(0);
});

test("repair completes a bounded number of jobs at a time", async () => {
  const { store } = crashingStore();
  const jobs = [await addJob(store, { id: "a" }), await addJob(store, { id: "b" }), await addJob(store, { id: "c" })];
  await expect(
    fireAll(
      store,
      jobs.map((job) => newFire(job)),
    ),
  ).rejects.toThrow("crashed");
  expect(await repair(store, { limit: 2 })).toBe(2);
  expect(await repair(store, { limit: 2 })).toBe(1);
  expect(await publishable(store)).toHaveLength(3);
});

test("a crash in the midst of a batch leaves what stands before it whole", async () => {
  let fires = 0;
  const store = setup({ crashBeforeRuns: () => (fires += 1) === 2 });
  const jobs = [await addJob(store, { id: "a" }), await addJob(store, { id: "b" }), await addJob(store, { id: "c" })];
  await expect(
    fireAll(
      store,
      jobs.map((job) => newFire(job)),
    ),
  ).rejects.toThrow("crashed");
  expect(await publishable(store)).toEqual([newDueRun(jobs[0]!)]);
  expect(await repair(store)).toBe(2);
});

const readers = {
  upcoming: (store: ReturnType<typeof setup>) =>
    store.dueJobs.upcoming({ shard: ALL_SLOTS, until: Number.MAX_SAFE_INTEGER, after: null, limit: 10 }),
  read: (store: ReturnType<typeof setup>) => readJob(store, newJob()),
  "another fire": async (store: ReturnType<typeof setup>) => fireAll(store, [newFire(await readPlainly(store))]),
  "an edit": async (store: ReturnType<typeof setup>) => {
    const job = await readPlainly(store);
    await changeJob(store, job, editedJob(job, { params: { edited: true } }));
  },
};

const readPlainly = async (store: ReturnType<typeof setup>) => (await store.jobs.get("default", newJob().id)) ?? newJob();

test.each(Object.entries(readers))("whoever reads the job back completes the fire: %s", async (_, readBack) => {
  const { store, faults } = crashingStore();
  const job = await addJob(store);
  await expect(fireAll(store, [newFire(job)])).rejects.toThrow("crashed");
  faults.crashing = false;
  await readBack(store);
  expect(await publishable(store)).toContainEqual(newDueRun(job));
  expect(await repair(store)).toBe(0);
});

test("a scheduled fire that crashed is lost when it is repeated, and its run exists once", async () => {
  const { store, faults } = crashingStore();
  const job = await addJob(store);
  await expect(fireAll(store, [newFire(job)])).rejects.toThrow("crashed");
  faults.crashing = false;
  expect((await fireAll(store, [newFire(job)])).outcomes).toEqual([{ kind: "lost" }]);
  await repair(store);
  expect(await publishable(store)).toHaveLength(1);
});

test("a manual fire that crashed meets its own run when it is repeated", async () => {
  const { store, faults } = crashingStore();
  const job = await addJob(store);
  const request = newManualFire(job, { at: START, keys: ["k"] });
  await expect(fireAll(store, [request])).rejects.toThrow("crashed");
  faults.crashing = false;
  expect((await fireAll(store, [request])).outcomes).toMatchObject([{ kind: "won", runs: [{ state: "due" }] }]);
  expect(await publishable(store)).toHaveLength(1);
});

test("what a crashed fire owes is cancelled with its deleted job, and announced", async () => {
  const { store } = crashingStore();
  const job = await addJob(store);
  await expect(fireAll(store, [newFire(job)])).rejects.toThrow("crashed");
  await deleteJob(store, await readPlainly(store));
  const cancelled = await store.control.cancelOpen(job.tenantId, { jobUid: job.uid, now: START, limit: 10 });
  expect(cancelled).toMatchObject([{ runId: newDueRun(job).runId, reason: "job_deleted" }]);
  expect(await unannounced(store)).toHaveLength(1);
});

test("a crashed fire keeps its version, its instant and the time it fired", async () => {
  const { store } = crashingStore();
  const job = await addJob(store);
  const range = newEntry(job, { state: "missed", reason: "misfire", count: 2, scheduledForLast: START + 1 });
  const crash = store.dueJobs.fire({ fires: [newFire(job, [range])], now: START + 5, claimant: null, claimed: [] });
  await expect(crash).rejects.toThrow("crashed");
  await repair(store);
  expect(await readRun(store, newDueRun(job, range))).toMatchObject({ state: "missed", jobVersion: 1, count: 2, finishedAt: START + 5 });
});

test("an answer that is lost leaves what was written, and names the call", async () => {
  const lost: string[] = [];
  const store = setup({ loseAnswer: (method) => method === "claims.claim" && lost.push(method) === 1 });
  const run = await addRun(store, await addJob(store));
  await expect(claim(store, [run])).rejects.toMatchObject({
    code: "store_unavailable",
    retryable: true,
    message: expect.stringContaining("claims.claim"),
  });
  expect((await readRun(store, run)).state).toBe("running");
  expect((await start(store, run)).token).toBe("token-1");
});

test("a create whose answer was lost answers with the job when it is repeated", async () => {
  let losing = true;
  const store = setup({ loseAnswer: () => losing });
  const job = newJob();
  const request = { job, event: jobEvent("JobCreated", job) };
  await expect(store.jobs.create(job.tenantId, request)).rejects.toThrow("lost");
  losing = false;
  expect(await store.jobs.create(job.tenantId, request)).toEqual({ kind: "created", job });
});

test("fires that crashed are completed beside one whose definition is gone, which has its run too", async () => {
  const state = createMemoryState({ clock: manualClock(START), digest: sha256, onUnreadable: () => {} });
  const store = memoryStoreOver(state, { crashBeforeRuns: () => true });
  const jobs = [await addJob(store, { id: "bad" }), await addJob(store, { id: "good" })];
  for (const job of jobs) await expect(fireAll(store, [newFire(job)])).rejects.toThrow("crashed");
  state.jobs.get(jobs[0]!.uid)!.definitions.clear();
  expect(await repair(store)).toBe(2);
  expect(await publishable(store)).toEqual([newDueRun(jobs[1]!)]);
  expect(await readRun(store, newDueRun(jobs[0]!))).toMatchObject({ state: "due", handler: "http" });
  await deleteJob(store, (await store.jobs.get("default", "bad"))!);
  expect(await store.control.cancelOpen("default", { jobUid: jobs[0]!.uid, now: START, limit: 10 })).toHaveLength(1);
});
