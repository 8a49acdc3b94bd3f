import { expect } from "@jest/globals";
import type { DueRun } from "../../../domain/run/due-run.ts";
import type { Instant } from "../../../domain/time/instant.ts";
import { ALL_SLOTS } from "../../../domain/slot.ts";
import type { RetentionRequest, RetentionResult } from "../../../ports/store/retention.ts";
import type { Store } from "../../../ports/store/store.ts";
import { DAY, HOUR, MINUTE, SECOND, START } from "../../factories.ts";
import { newEntry, newFire } from "../../factories-fire.ts";
import {
  addJob,
  addJobWithRun,
  addRun,
  addRuns,
  deleteJob,
  end,
  fire,
  pickRunIds,
  readRun,
  retryIn,
  settle,
  start,
  unannounced,
} from "../store-steps.ts";
import { defineContract } from "../store-subject.ts";

const LATER = START + 30 * DAY;

/** A sweep for which everything is expired, unless overridden. */
const sweep = (store: Store, overrides: Partial<RetentionRequest> = {}): Promise<RetentionResult> =>
  store.retention.sweep({ now: LATER, endedBefore: LATER, boundBefore: LATER, deletedBefore: LATER, limit: 100, ...overrides });

const announceAll = async (store: Store): Promise<void> => store.announcements.announced(pickRunIds(await unannounced(store)));

const sendAll = async (store: Store): Promise<void> => {
  const events = await store.outbox.unsent({ shard: ALL_SLOTS, limit: 1_000 });
  await store.outbox.sent(events.map(({ id }) => id));
};

/** Ends and announces the runs, and applies them to the status. */
async function endAll(store: Store, runs: readonly DueRun[], now: Instant = START): Promise<void> {
  for (const run of runs) await end(store, await start(store, run, { token: run.runId, now }), { now });
  await announceAll(store);
  await store.status.advance(now + 1);
}

const remaining = async (store: Store): Promise<string[]> =>
  pickRunIds((await store.runs.list("default", { limit: 1_000, cursor: null })).items);

/** The rows that retention deletes, and those that it never deletes. */
export const retentionContract = defineContract("Retention", {
  "an ended run that is announced and folded goes when it is past its time": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    await endAll(store, [run]);
    expect(await sweep(store, { endedBefore: START })).toMatchObject({ runs: 0 });
    expect(await remaining(store)).toEqual([run.runId]);
    expect(await sweep(store, { endedBefore: START + 1 })).toMatchObject({ runs: 1 });
    expect(await remaining(store)).toEqual([]);
    expect(await sweep(store)).toEqual({ runs: 0, requests: 0, tombstones: 0, definitions: 0, more: false });
  },

  "the progress of sweeps is returned, and never goes back": async ({ store }) => {
    expect(await store.retention.forgotten()).toEqual({ runs: 0, jobs: 0 });
    await sweep(store, { endedBefore: START, deletedBefore: START + DAY });
    await sweep(store, { endedBefore: START - DAY, deletedBefore: START + HOUR });
    expect(await store.retention.forgotten()).toEqual({ runs: START, jobs: START + DAY });
  },

  "a run whose instant lies ahead is kept, however long ago it ended: no clock may fire the instant again": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    const job = await addJob(store, { id: "ahead", nextRunAt: LATER });
    await fire(store, newFire(job), LATER);
    const ahead = (await store.dueRuns.publishable({ shard: ALL_SLOTS, queue: "default", limit: 10 })).find(
      ({ jobUid }) => jobUid === job.uid,
    );
    await endAll(store, [run, ahead as DueRun], START);
    expect(await sweep(store, { endedBefore: LATER })).toMatchObject({ runs: 1 });
    expect(await remaining(store)).toEqual([ahead?.runId]);
    expect(await sweep(store, { endedBefore: LATER + 1 })).toMatchObject({ runs: 1 });
  },

  "an open run is never forgotten": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const [, running, retrying] = await addRuns(store, job, { count: 3 });
    await start(store, running!, { token: "running" });
    await settle(store, await start(store, retrying!), { result: retryIn(HOUR) });
    await store.status.advance(LATER);
    expect(await sweep(store)).toMatchObject({ runs: 0 });
    expect(await remaining(store)).toHaveLength(3);
  },

  "an end that is not announced is never forgotten, whether it ran or not": async ({ store }) => {
    const { job, run } = await addJobWithRun(store, { definition: { overlap: "allow" } });
    await end(store, await start(store, run));
    await fire(store, newFire(job, [newEntry(job, { state: "missed", reason: "misfire" })]));
    await store.status.advance(LATER);
    expect(await sweep(store)).toMatchObject({ runs: 0 });
    await announceAll(store);
    expect(await sweep(store)).toMatchObject({ runs: 2 });
  },

  "an end that is not folded into its job is never forgotten": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    await end(store, await start(store, run));
    await announceAll(store);
    expect(await sweep(store)).toMatchObject({ runs: 0 });
    await store.status.advance(START);
    expect(await sweep(store)).toMatchObject({ runs: 0 });
    await store.status.advance(START + 1);
    expect(await sweep(store)).toMatchObject({ runs: 1 });
  },

  "a run cancelled before it started is folded before it is forgotten; one that was skipped has nothing to fold": async ({ store }) => {
    const { job, run } = await addJobWithRun(store);
    await store.control.cancel("default", { runId: run.runId, now: START });
    await fire(store, newFire(job, [newEntry(job, { state: "skipped", reason: "expired" })]));
    await announceAll(store);
    expect(await sweep(store)).toMatchObject({ runs: 1 });
    expect(await remaining(store)).toEqual([run.runId]);
    await store.status.advance(START + 1);
    expect(await sweep(store)).toMatchObject({ runs: 1 });
  },

  "a bounded number goes at a time, and there is more until all are gone": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    await endAll(store, await addRuns(store, job, { count: 5 }));
    const results = [];
    for (let time = 1; time <= 3; time += 1) results.push(await sweep(store, { limit: 2 }));
    expect(results.map(({ runs }) => runs)).toEqual([2, 2, 1]);
    expect(results.slice(0, 2).map(({ more }) => more)).toEqual([true, true]);
    expect((await sweep(store, { limit: 2 })).more).toBe(false);
    expect(await remaining(store)).toEqual([]);
  },

  "old bindings go, and their keys are free again": async ({ store }) => {
    const old = { scope: "create", key: "old", fingerprint: "hash", value: "uid-1", boundAt: START };
    const young = { ...old, key: "young", boundAt: START + DAY };
    await store.requests.bind("default", old);
    await store.requests.bind("default", young);
    expect(await sweep(store, { boundBefore: START + DAY })).toMatchObject({ requests: 1 });
    const again = { ...old, value: "uid-2", boundAt: LATER };
    expect(await store.requests.bind("default", again)).toEqual(again);
    expect(await store.requests.bind("default", { ...young, value: "uid-3" })).toEqual(young);
  },

  "a tombstone goes once it is old and its event is sent; its runs stay under the id": async ({ store }) => {
    const { job, run } = await addJobWithRun(store);
    await end(store, await start(store, run));
    await deleteJob(store, job, START);
    expect(await sweep(store)).toMatchObject({ tombstones: 0 });
    expect(await store.outbox.unsent({ shard: ALL_SLOTS, limit: 10 })).toHaveLength(2);
    await sendAll(store);
    expect(await sweep(store, { deletedBefore: START })).toMatchObject({ tombstones: 0 });
    expect(await sweep(store, { deletedBefore: START + 1 })).toMatchObject({ tombstones: 1 });
    expect((await store.runs.list("default", { jobId: job.id, limit: 10, cursor: null })).items).toHaveLength(1);
    expect(await sweep(store)).toMatchObject({ tombstones: 0 });
  },

  "ended runs that cannot be forgotten yet hide none behind them": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const runs = await addRuns(store, job, { count: 61 });
    for (const [index, run] of runs.entries())
      await end(store, await start(store, run, { token: `token-${index}` }), { now: START + index });
    const last = runs.at(-1)!;
    await store.announcements.announced([last.runId]);
    await store.status.advance(LATER);
    let gone = 0;
    for (let round = 0; round < 10; round += 1) gone += (await sweep(store, { limit: 10 })).runs;
    expect(gone).toBe(1);
    expect(await remaining(store)).toHaveLength(60);
    await announceAll(store);
    for (let round = 0; round < 20; round += 1) gone += (await sweep(store, { limit: 10 })).runs;
    expect(gone).toBe(61);
  },

  "tombstones that cannot go yet hide none behind them": async ({ store }) => {
    const unsaid = Array.from({ length: 1_010 }, (_, index) => `unsaid-${index}`);
    while (unsaid.length > 0)
      await Promise.all(unsaid.splice(0, 50).map(async (id) => deleteJob(store, await addJob(store, { id }), START - 1)));
    const last = await deleteJob(store, await addJob(store, { id: "said" }), START);
    const events = await store.outbox.unsent({ shard: ALL_SLOTS, limit: 5_000 });
    await store.outbox.sent(events.filter(({ data }) => data.jobUid === last.uid).map(({ id }) => id));
    let gone = 0;
    for (let round = 0; round < 5; round += 1) gone += (await sweep(store)).tombstones;
    expect(gone).toBe(1);
    await store.outbox.sent(events.map(({ id }) => id));
    for (let round = 0; round < 5; round += 1) gone += (await sweep(store, { limit: 500 })).tombstones;
    expect(gone).toBe(1_011);
  },

  "jobs that live are never forgotten": async ({ store }) => {
    const job = await addJob(store);
    const paused = await addJob(store, { id: "paused", state: "paused" });
    const finished = await addJob(store, { id: "finished", state: "finished", nextRunAt: null });
    await sendAll(store);
    expect(await sweep(store)).toMatchObject({ tombstones: 0 });
    for (const { id } of [job, paused, finished]) expect(await store.jobs.get("default", id)).not.toBeNull();
  },

  "what is open of a tombstone is cancelled first, and what runs holds it up until it ends": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const [due, running] = (await addRuns(store, job, { count: 2 })) as [DueRun, DueRun];
    const held = await start(store, running);
    await deleteJob(store, job, START);
    await sendAll(store);
    expect(await sweep(store)).toMatchObject({ tombstones: 0 });
    expect(await readRun(store, due)).toMatchObject({ state: "cancelled", reason: "job_deleted", finishedAt: LATER });
    expect(await unannounced(store)).toMatchObject([{ runId: due.runId, state: "cancelled", reason: "job_deleted" }]);
    expect((await end(store, held, { now: LATER + SECOND })).state).toBe("succeeded");
    expect(await sweep(store)).toMatchObject({ tombstones: 1 });
  },

  "runs of other jobs are no concern of a tombstone": async ({ store }) => {
    const other = await addJobWithRun(store, { id: "other" });
    await deleteJob(store, await addJob(store), START);
    await sendAll(store);
    expect(await sweep(store)).toMatchObject({ tombstones: 1 });
    expect((await readRun(store, other.run)).state).toBe("due");
    expect(await addRun(store, other.job, { name: "more", now: START + MINUTE })).toBeDefined();
  },
});
