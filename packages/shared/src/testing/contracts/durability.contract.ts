import { expect } from "@jest/globals";
import type { DueRun } from "../../domain/run/due-run.ts";
import type { Job } from "../../domain/job/job.ts";
import { ALL_SLOTS } from "../../domain/slot.ts";
import type { Store } from "../../ports/store/store.ts";
import { DAY, HOUR, MINUTE, SECOND, START } from "../factories.ts";
import { newEntry, newFire } from "../factories-fire.ts";
import {
  addJob,
  addJobWithRun,
  addRun,
  addRuns,
  changeJob,
  claim,
  defer,
  deleteJob,
  end,
  FAILURE,
  fire,
  pickRunIds,
  only,
  publishable,
  readJob,
  readRun,
  retryIn,
  settle,
  start,
  unannounced,
  wake,
  ending,
  repair,
} from "./store-steps.ts";
import { defineContract, type StoreContract, type StoreFacts } from "./store-subject.ts";

/** All that users and services can read from an idle store. */
const everything = async (store: Store, jobs: readonly Job[]) => ({
  jobs: (await store.jobs.list("default", { limit: 100, cursor: null })).items,
  runs: (await store.runs.list("default", { limit: 100, cursor: null })).items,
  byUid: [...(await store.dueJobs.read(jobs.map(({ uid }) => uid)))].sort((left, right) => (left.uid < right.uid ? -1 : 1)),
  upcoming: await store.dueJobs.upcoming({ shard: ALL_SLOTS, until: START + HOUR, after: null, limit: 100 }),
  unsent: await store.outbox.unsent({ shard: ALL_SLOTS, limit: 100 }),
  unannounced: await unannounced(store),
  settled: await store.status.settledSince({ since: 0, until: Number.MAX_SAFE_INTEGER, after: null, limit: 100 }),
  watermark: await store.status.watermark(),
  handlers: await store.handlers.list(),
  publishable: await publishable(store),
});

const FACTS: StoreFacts = {
  "everything acknowledged is there after a restart": async ({ store, reopen }) => {
    const job = await addJob(store, { definition: { overlap: "allow", params: { deep: { list: [1, null] } } } });
    const paused = await addJob(store, { id: "paused", state: "paused" });
    const deleted = await addJob(store, { id: "deleted" });
    await deleteJob(store, deleted);
    await fire(store, newFire(job, [newEntry(job, { state: "missed", reason: "misfire", count: 3, scheduledForLast: START + SECOND })]));
    const edited = await changeJob(store, await readJob(store, job), { definition: { ...job.definition, name: "Edited" } });
    const [succeeded, failed, cancelled, , announced] = (await addRuns(store, edited, { count: 5 })) as [
      DueRun,
      DueRun,
      DueRun,
      DueRun,
      DueRun,
    ];
    await end(store, await start(store, succeeded, { token: "a" }), { now: START + SECOND });
    await end(store, await start(store, failed, { token: "b" }), { result: FAILURE });
    await store.control.cancel("default", { runId: cancelled.runId, now: START });
    await end(store, await start(store, announced, { token: "c" }));
    await store.announcements.announced([announced.runId]);
    await store.outbox.sent([`${paused.uid}-1-JobCreated`]);
    const { changes } = await store.status.settledSince({ since: 0, until: Number.MAX_SAFE_INTEGER, after: null, limit: 1 });
    await store.status.apply(changes);
    await store.status.advance(START);
    await store.handlers.publish([{ type: "http", description: null, paramsSchema: {}, lastSeenAt: START }]);
    const before = await everything(store, [job, paused, deleted]);
    expect(before.runs).toHaveLength(6);
    expect(await everything(await reopen(), [job, paused, deleted])).toEqual(before);
    expect(await everything(await reopen(), [job, paused, deleted])).toEqual(before);
  },

  "bindings and named definitions are there too": async ({ store, reopen }) => {
    const job = await addJob(store);
    const binding = { scope: "create", key: "k", fingerprint: "hash", value: "uid-1", boundAt: START };
    await store.requests.bind("default", binding);
    const hash = await store.jobs.addDefinition("default", { jobUid: job.uid, definition: { ...job.definition, params: { own: true } } });
    const again = await reopen();
    expect(await again.requests.bind("default", { ...binding, value: "uid-2" })).toEqual(binding);
    await fire(again, { job, advance: null, entries: [newEntry(job, { cause: "manual", key: "k", definitionHash: hash })] });
    expect(only(await publishable(again)).params).toEqual({ own: true });
  },

  "a fire that was won is won for ever": async ({ store, reopen }) => {
    const job = await addJob(store);
    await fire(store, newFire(job));
    const again = await reopen();
    expect(await fire(again, newFire(job))).toEqual({ kind: "lost" });
    expect(await publishable(again)).toHaveLength(1);
    expect(await repair(again)).toBe(0);
  },

  "runs that waited still wait: a retry for its time, what was published or deferred for a worker": async ({ store, reopen }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const [retrying, published, deferred, unknown] = (await addRuns(store, job, { count: 4 })) as [DueRun, DueRun, DueRun, DueRun];
    await settle(store, await start(store, retrying), { result: retryIn(30 * MINUTE) });
    await store.dueRuns.published({ runs: [published], now: START, repeatMs: MINUTE, repeatMsMax: MINUTE });
    await store.claims.defer({ deferrals: [{ runId: deferred.runId, attempt: 1, reason: "overlap", wakeAt: START + MINUTE }] });
    await defer(store, unknown);
    const again = await reopen();
    await wake(again, START + 30 * MINUTE - 1);
    expect((await publishable(again)).map(({ runId }) => runId).sort()).toEqual([published.runId, deferred.runId].sort());
    await wake(again, START + 30 * MINUTE);
    expect(await publishable(again)).toContainEqual(expect.objectContaining({ runId: retrying.runId, attempt: 2, failures: 1 }));
    const request = { shard: ALL_SLOTS, queue: "default", handlers: ["http"], after: null, limit: 10 };
    expect(await again.deferred.resume(request)).toEqual({ runIds: [unknown.runId], next: null });
  },

  "a run that waits for a worker expires after a restart as before": async ({ store, reopen }) => {
    const { run } = await addJobWithRun(store, { definition: { expireAfterMs: MINUTE } });
    const again = await reopen();
    expect((await wake(again, START + MINUTE - 1)).ended).toEqual([]);
    expect(only((await wake(again, START + MINUTE + 1)).ended)).toMatchObject({ runId: run.runId, state: "skipped", reason: "expired" });
  },

  "over a restart a running run keeps its job's lock, and what waits for its end is woken by it": async ({ store, reopen }) => {
    const job = await addJob(store);
    const holder = await addRun(store, job, { now: START, name: "holder" });
    const waiting = await addRun(store, job, { now: START + SECOND, name: "waiting" });
    await start(store, holder, { now: START + MINUTE });
    expect(only(await claim(store, [waiting], { token: "early", now: START + MINUTE })).kind).toBe("waiting");
    const again = await reopen();
    const other = await addRun(again, job, { now: START + HOUR, name: "other" });
    expect(only(await claim(again, [other], { token: "other", now: START + HOUR })).kind).toBe("skipped");
    expect(await readRun(again, waiting)).toMatchObject({ state: "due", reason: "overlap", wakeAt: START + MINUTE + 10 * SECOND });
    const late = START + DAY;
    for (const view of await ending(again, late)) {
      await again.leases.rescue({ rescues: [{ runId: view.runId, expiresAt: view.expiresAt, to: "lost" }], now: late });
    }
    expect(pickRunIds(await publishable(again))).toEqual([waiting.runId]);
    expect(only(await claim(again, [waiting], { token: "next", now: late })).kind).toBe("won");
  },

  "the waits for another run of the job go on doubling after a restart": async ({ store, reopen }) => {
    const job = await addJob(store);
    await start(store, await addRun(store, job, { now: START, name: "holder" }), { now: START + MINUTE });
    const waiting = await addRun(store, job, { now: START + SECOND, name: "waiting" });
    await claim(store, [waiting], { token: "first", now: START + MINUTE });
    await wake(store, START + HOUR);
    const again = await reopen();
    expect(only(await claim(again, [waiting], { token: "second", now: START + HOUR })).kind).toBe("waiting");
    expect((await readRun(again, waiting)).wakeAt).toBe(START + HOUR + 20 * SECOND);
  },

  "since when a run is due is known after a restart": async ({ store, reopen }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const [retried, fresh] = (await addRuns(store, job, { count: 2 })) as [DueRun, DueRun];
    await settle(store, await start(store, retried), { result: retryIn(DAY) });
    await wake(store, START + DAY);
    const again = await reopen();
    const request = { shard: ALL_SLOTS, dueBefore: START + DAY, now: START + DAY, limit: 10 };
    expect(pickRunIds(await again.dueRuns.closeWaiting(request))).toEqual([fresh.runId]);
    expect(pickRunIds(await again.dueRuns.closeWaiting({ ...request, dueBefore: START + DAY + 1 }))).toEqual([retried.runId]);
  },

  "closing twice is harmless": async ({ store }) => {
    await store.close();
    await store.close();
  },
};

/** The data that survives a restart. For durable stores. */
export const durabilityContract: StoreContract = (subject) => {
  if (subject.reopen !== undefined) defineContract("Durability", FACTS)(subject);
};
