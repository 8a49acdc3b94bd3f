import { expect } from "@jest/globals";
import type { Job } from "../../../domain/job/job.ts";
import { ALL_SLOTS } from "../../../domain/slot.ts";
import type { UpcomingQuery } from "../../../ports/jobs/due-jobs.ts";
import type { Store } from "../../../ports/store/store.ts";
import { editedJob, newJob, MINUTE, SECOND, START } from "../../factories.ts";
import { cursorAfterFire, newDueRun, newEntry, newManualFire, runIdOfEntry, newFire } from "../../factories-fire.ts";
import {
  addJob,
  changeJob,
  claim,
  countKind,
  deleteJob,
  end,
  fire,
  only,
  publishable,
  readJob,
  readRun,
  start,
  unannounced,
  repair,
} from "../store-steps.ts";
import { defineContract } from "../store-subject.ts";

const upcoming = (store: Store, query: Partial<UpcomingQuery> = {}): Promise<readonly Job[]> =>
  store.dueJobs.upcoming({ shard: ALL_SLOTS, until: START + MINUTE, after: null, limit: 100, ...query });

/** Jobs by their next instant, and the results of a fire. Its races are in `fire-races.contract.ts`. */
export const dueJobsContract = defineContract("DueJobs", {
  "a call that names a definition which is not there is refused as a whole, and changes nothing": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const other = await addJob(store, { id: "other" });
    const nothing = newFire(job, [newEntry(job), newEntry(job, { scheduledFor: START + 1, definitionHash: "nothing" })]);
    const fires = [newFire(other), nothing];
    await expect(store.dueJobs.fire({ fires, now: START, claimant: null, claimed: [] })).rejects.toMatchObject({ code: "internal" });
    expect(await upcoming(store)).toEqual([job, other]);
    expect(await publishable(store)).toEqual([]);
    expect((await fire(store, newFire(job))).kind).toBe("won");
    expect((await fire(store, newFire(other))).kind).toBe("won");
    expect(await publishable(store)).toHaveLength(2);
  },

  "upcoming jobs come by next instant, then uid, up to the instant asked for": async ({ store }) => {
    const later = await addJob(store, { id: "later", nextRunAt: START + MINUTE });
    const b = await addJob(store, { id: "b", nextRunAt: START });
    const a = await addJob(store, { id: "a", nextRunAt: START });
    const overdue = await addJob(store, { id: "overdue", nextRunAt: START - 10 * MINUTE });
    await addJob(store, { id: "beyond", nextRunAt: START + MINUTE + 1 });
    expect(await upcoming(store)).toEqual([overdue, a, b, later]);
  },

  "upcoming jobs are read in parts, each behind the last job of the one before": async ({ store }) => {
    for (let index = 0; index < 7; index += 1) await addJob(store, { id: `job-${index}`, nextRunAt: START + (index % 3) });
    const all = await upcoming(store);
    const parts: Job[] = [];
    for (let part = await upcoming(store, { limit: 2 }); part.length > 0;) {
      parts.push(...part);
      const { nextRunAt, uid } = part.at(-1)!;
      part = await upcoming(store, { limit: 2, after: { nextRunAt: nextRunAt!, uid } });
    }
    expect(all).toHaveLength(7);
    expect(parts).toEqual(all);
  },

  "only active jobs of the slots asked for are upcoming": async ({ store }) => {
    await addJob(store, { id: "paused", state: "paused" });
    await addJob(store, { id: "finished", state: "finished", nextRunAt: null });
    await deleteJob(store, await addJob(store, { id: "deleted" }));
    const low = await addJob(store, { id: "low", slot: 10 });
    const high = await addJob(store, { id: "high", slot: 11 });
    expect(await upcoming(store, { shard: { from: 0, to: 11 } })).toEqual([low]);
    expect(await upcoming(store, { shard: { from: 11, to: 12 } })).toEqual([high]);
  },

  "jobs are read by uid as they stand; those unknown or deleted are left out": async ({ store }) => {
    const active = await addJob(store, { id: "active" });
    const paused = await addJob(store, { id: "paused", state: "paused" });
    const deleted = await addJob(store, { id: "deleted" });
    await deleteJob(store, deleted);
    const read = await store.dueJobs.read([deleted.uid, paused.uid, "unknown", active.uid]);
    expect(read).toHaveLength(2);
    expect(read).toEqual(expect.arrayContaining([active, paused]));
    expect(await store.dueJobs.read([])).toEqual([]);
  },

  "a fire advances the cursor alone, and makes its run": async ({ store }) => {
    const job = await addJob(store);
    const entry = newEntry(job);
    expect(await fire(store, newFire(job))).toEqual({
      kind: "won",
      runs: [{ runId: runIdOfEntry(job, entry), state: "due", reason: null, created: true, claimed: false }],
    });
    const fired = { ...job, ...cursorAfterFire(job) };
    expect(await readJob(store, job)).toEqual(fired);
    expect(await upcoming(store)).toEqual([fired]);
    expect(await publishable(store)).toEqual([newDueRun(job)]);
  },

  "the record of a run just fired": async ({ store }) => {
    const job = await addJob(store, { definition: { queue: "high", handler: "report" } });
    await fire(store, newFire(job), START + 5);
    expect(await readRun(store, newDueRun(job))).toEqual({
      tenantId: "default",
      runId: runIdOfEntry(job, newEntry(job)),
      jobUid: job.uid,
      jobId: job.id,
      jobVersion: 1,
      handler: "report",
      queue: "high",
      priority: 5,
      cause: "schedule",
      scheduledFor: START,
      count: 1,
      scheduledForLast: null,
      state: "due",
      reason: null,
      attempt: 1,
      attempts: [],
      firstStartedAt: null,
      startedAt: null,
      finishedAt: null,
      output: null,
      error: null,
      retryOf: null,
      cancelRequested: false,
      cancel: null,
      wakeAt: null,
    });
  },

  "the last fire of a schedule finishes the job": async ({ store }) => {
    const job = await addJob(store);
    const advance = cursorAfterFire(job, { nextRunAt: null, state: "finished" });
    expect((await fire(store, { job, advance, entries: [newEntry(job)] })).kind).toBe("won");
    expect(await readJob(store, job)).toEqual({ ...job, ...advance });
    expect(await upcoming(store)).toEqual([]);
  },

  "a fire may only move the cursor, and remembers open misfires": async ({ store }) => {
    const job = await addJob(store);
    const misfires = { first: START, last: START + MINUTE, count: 2 };
    const advance = cursorAfterFire(job, { nextRunAt: START + 2 * MINUTE, lastScheduledFor: null, firedCount: 0, misfires });
    expect(await fire(store, { job, advance, entries: [] })).toEqual({ kind: "won", runs: [] });
    expect(await readJob(store, job)).toEqual({ ...job, ...advance });
    expect(await publishable(store)).toEqual([]);
  },

  "runs that are born skipped or missed have ended, unannounced, and wait for no other run": async ({ store }) => {
    const job = await addJob(store);
    const range = newEntry(job, { state: "missed", reason: "misfire", count: 3, scheduledForLast: START + 2 * MINUTE });
    const expired = newEntry(job, { state: "skipped", reason: "expired", scheduledFor: START + 3 * MINUTE });
    const now = START + 10 * MINUTE;
    const outcome = await fire(store, { job, advance: cursorAfterFire(job), entries: [range, expired] }, now);
    expect(outcome).toMatchObject({
      runs: [
        { runId: runIdOfEntry(job, range), state: "missed", reason: "misfire", created: true, claimed: false },
        { runId: runIdOfEntry(job, expired), state: "skipped", reason: "expired", created: true, claimed: false },
      ],
    });
    expect(await publishable(store)).toEqual([]);
    expect(await unannounced(store)).toHaveLength(2);
    expect(await unannounced(store)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ state: "missed", reason: "misfire", count: 3, scheduledForLast: START + 2 * MINUTE, finishedAt: now }),
        expect.objectContaining({
          state: "skipped",
          reason: "expired",
          count: 1,
          scheduledForLast: null,
          startedAt: null,
          finishedAt: now,
        }),
      ]),
    );
    expect(await claim(store, [newDueRun(job, expired)])).toEqual([{ kind: "lost" }]);
  },

  "the runs of a fire stand in the order of its entries, and fires in the order asked": async ({ store }) => {
    const jobs = [await addJob(store, { id: "c" }), await addJob(store, { id: "a" }), await addJob(store, { id: "b" })];
    const fires = jobs.map((job) => newManualFire(job, { at: START, keys: ["z", "a", "m"] }));
    const { outcomes } = await store.dueJobs.fire({ fires, now: START, claimant: null, claimed: [] });
    expect(outcomes.map((outcome) => (outcome.kind === "won" ? outcome.runs.map(({ runId }) => runId) : []))).toEqual(
      fires.map(({ job, entries }) => entries.map((entry) => runIdOfEntry(job, entry))),
    );
  },

  "an entry that an earlier fire made answers with the run as it stands": async ({ store }) => {
    const job = await addJob(store);
    const request = newManualFire(job, { at: START, keys: ["k"] });
    await fire(store, request);
    const run = only(await publishable(store));
    expect(await fire(store, request, START + SECOND)).toMatchObject({
      kind: "won",
      runs: [{ runId: run.runId, state: "due", created: false, claimed: false }],
    });
    expect(await publishable(store)).toEqual([run]);
    await end(store, await start(store, run));
    expect(await fire(store, request, START + MINUTE)).toMatchObject({
      kind: "won",
      runs: [{ runId: run.runId, state: "succeeded", created: false, claimed: false }],
    });
    expect(await publishable(store)).toEqual([]);
  },

  "a manual fire leaves the cursor, and works on paused and finished jobs": async ({ store }) => {
    const finished = { state: "finished", nextRunAt: null } as const;
    for (const [id, state] of Object.entries({ active: {}, paused: { state: "paused" } as const, finished })) {
      const job = await addJob(store, { id, ...state });
      expect((await fire(store, newManualFire(job, { at: START, keys: ["k"] }))).kind).toBe("won");
      expect(await readJob(store, job)).toEqual(job);
    }
    expect(await publishable(store)).toHaveLength(3);
  },

  "a manual fire needs the version alone: a fire in between does not matter": async ({ store }) => {
    const job = await addJob(store);
    await fire(store, newFire(job));
    const request = newManualFire(job, { at: START, keys: ["k"] });
    expect((await fire(store, request)).kind).toBe("won");
    const fired = await readJob(store, job);
    await changeJob(store, fired, { definition: editedJob(fired, { name: "Edited" }).definition });
    expect(await fire(store, newManualFire(job, { at: START, keys: ["other"] }))).toEqual({ kind: "lost" });
    expect(await publishable(store)).toHaveLength(2);
  },

  "retries of runs keep what they repeat": async ({ store }) => {
    const job = await addJob(store);
    const entry = newEntry(job, { cause: "retry", key: "k", retryOf: "01ARZ3NDEKTSV4RRFFQ69G5FAV" });
    await fire(store, { job, advance: null, entries: [entry] });
    expect(await readRun(store, newDueRun(job, entry))).toMatchObject({ cause: "retry", retryOf: "01ARZ3NDEKTSV4RRFFQ69G5FAV" });
  },

  "a fire loses against another version, instant or state, and creates nothing": async ({ store }) => {
    const job = await addJob(store);
    const paused = await addJob(store, { id: "paused", state: "paused" });
    const deleted = await addJob(store, { id: "deleted" });
    await deleteJob(store, deleted);
    const unknown = newJob({ id: "unknown" });
    const lost = [
      newFire({ ...job, version: 2 }),
      newFire({ ...job, nextRunAt: START + SECOND }),
      newFire(paused),
      newFire(deleted),
      newFire({ ...deleted, version: 2, nextRunAt: null }),
      newManualFire(deleted, { at: START, keys: ["k"] }),
      newManualFire({ ...deleted, version: 2 }, { at: START, keys: ["k"] }),
      newFire(unknown),
    ];
    const { outcomes } = await store.dueJobs.fire({ fires: lost, now: START, claimant: null, claimed: [] });
    expect(outcomes).toEqual(lost.map(() => ({ kind: "lost" })));
    expect(await publishable(store)).toEqual([]);
    expect((await store.runs.list("default", { limit: 10, cursor: null })).items).toEqual([]);
    expect(await readJob(store, job)).toEqual(job);
    expect(await readJob(store, paused)).toEqual(paused);
  },

  "a lost fire does not take the won ones of its batch with it": async ({ store }) => {
    const jobs = [await addJob(store, { id: "a" }), await addJob(store, { id: "b" }), await addJob(store, { id: "c" })];
    await fire(store, newFire(jobs[1]!));
    const { outcomes } = await store.dueJobs.fire({
      fires: jobs.map((job) => newFire(job)),
      now: START,
      claimant: null,
      claimed: [],
    });
    expect(outcomes.map(({ kind }) => kind)).toEqual(["won", "lost", "won"]);
    expect(await publishable(store)).toHaveLength(3);
  },

  "repeating a fire whose answer was lost creates nothing twice": async ({ store }) => {
    const job = await addJob(store);
    const request = { fires: [newFire(job)], now: START, claimant: null, claimed: [] };
    await store.dueJobs.fire(request);
    const repeated = await store.dueJobs.fire(request);
    expect(countKind(repeated.outcomes, "won")).toBe(0);
    expect(await publishable(store)).toEqual([newDueRun(job)]);
  },

  "an empty batch is no fire": async ({ store }) => {
    expect((await store.dueJobs.fire({ fires: [], now: START, claimant: null, claimed: [] })).outcomes).toEqual([]);
  },

  "nothing is to be repaired where nothing crashed": async ({ store }) => {
    await fire(store, newFire(await addJob(store)));
    expect(await repair(store)).toBe(0);
    expect(await publishable(store)).toHaveLength(1);
  },
});
