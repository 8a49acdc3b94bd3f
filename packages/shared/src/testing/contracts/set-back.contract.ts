import { expect } from "@jest/globals";
import type { Instant } from "../../domain/time/instant.ts";
import type { Job } from "../../domain/job/job.ts";
import { ALL_SLOTS, computeSlot } from "../../domain/slot.ts";
import type { DueRun } from "../../domain/run/due-run.ts";
import type { UpcomingQuery } from "../../ports/jobs/due-jobs.ts";
import type { Store } from "../../ports/store/store.ts";
import { DAY, HOUR, MINUTE, SECOND, START } from "../factories.ts";
import { cursorAfterFire, newEntry } from "../factories-fire.ts";
import {
  addJob,
  addJobWithRun,
  addRuns,
  end,
  ending,
  fire,
  LEASE_MS,
  only,
  publishable,
  readJob,
  readRun,
  retryIn,
  settle,
  start,
  wake,
} from "./store-steps.ts";
import { defineContract } from "./store-subject.ts";

/** The time of a clock that was ahead; the right time is `START`. */
const AHEAD = START + 5 * HOUR;
const REPEAT_MS_MAX = 5 * MINUTE;

const resetWaits = (store: Store, now: Instant = START): Promise<number> =>
  store.dueRuns.resetWaits({ shard: ALL_SLOTS, now, waitMsMax: REPEAT_MS_MAX });

const upcoming = (store: Store, query: Partial<UpcomingQuery>): Promise<readonly Job[]> =>
  store.dueJobs.upcoming({ shard: ALL_SLOTS, until: null, after: null, limit: 100, ...query });

/** A store has to work with a clock that was ahead and is set back. */
export const setBackContract = defineContract("a clock that is set back", {
  "what was decided by is noted, and the latest stands": async ({ store }) => {
    expect(await store.decided.latest()).toBe(0);
    await store.decided.note(AHEAD);
    await store.decided.note(START);
    expect(await store.decided.latest()).toBe(AHEAD);
  },

  "active jobs can be read however far ahead they are, in order and in parts": async ({ store }) => {
    for (let index = 0; index < 7; index += 1) await addJob(store, { id: `job-${index}`, nextRunAt: START + (index % 3) * 1_000 * DAY });
    await addJob(store, { id: "paused", state: "paused", nextRunAt: START + DAY });
    const all = await upcoming(store, {});
    expect(all.map(({ nextRunAt }) => nextRunAt)).toEqual([0, 0, 0, 1, 1, 2, 2].map((place) => START + place * 1_000 * DAY));
    const parts: Job[] = [];
    for (let part = await upcoming(store, { limit: 2 }); part.length > 0;) {
      parts.push(...part);
      const { nextRunAt, uid } = part.at(-1) as Job;
      part = await upcoming(store, { limit: 2, after: { nextRunAt: nextRunAt as number, uid } });
    }
    expect(parts).toEqual(all);
    const shard = { from: computeSlot(all[0]?.uid ?? ""), to: computeSlot(all[0]?.uid ?? "") + 1 };
    expect(await upcoming(store, { shard })).toEqual(all.filter(({ slot }) => slot === shard.from));
    expect(await upcoming(store, { until: START })).toHaveLength(3);
  },

  "a job that goes back meets the runs that its instants have, and fires none of them a second time": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const [first, second, third] = [START, START + MINUTE, START + 2 * MINUTE];
    const entries = [first, third].map((scheduledFor) => newEntry(job, { scheduledFor }));
    await fire(store, { job, advance: cursorAfterFire(job, { nextRunAt: AHEAD, lastScheduledFor: third }), entries }, AHEAD);
    const ran = await publishable(store);
    for (const run of ran) await end(store, await start(store, run, { token: run.runId, now: AHEAD }), { now: AHEAD });
    const moved = await readJob(store, job);
    expect((await fire(store, { job: moved, advance: { ...moved, nextRunAt: first }, entries: [] })).kind).toBe("won");
    expect(only(await upcoming(store, { until: first })).nextRunAt).toBe(first);
    for (const scheduledFor of [first, second, third]) {
      const current = await readJob(store, job);
      const advance = cursorAfterFire(current, { nextRunAt: scheduledFor + MINUTE, lastScheduledFor: third });
      const outcome = await fire(store, { job: current, advance, entries: [newEntry(current, { scheduledFor })] });
      const isNew = scheduledFor === second;
      expect(outcome).toMatchObject({ kind: "won", runs: [{ created: isNew, state: isNew ? "due" : "succeeded" }] });
    }
    expect((await publishable(store)).map(({ scheduledFor }) => scheduledFor)).toEqual([second]);
    const { items } = await store.runs.list("default", { jobUid: job.uid, limit: 10, cursor: null });
    expect(items.map(({ scheduledFor }) => scheduledFor)).toEqual([third, second, first]);
  },

  "where nothing waits for a time that is wrong, nothing is reset": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const [running, retrying, published, deferred] = (await addRuns(store, job, { count: 5 })) as [DueRun, DueRun, DueRun, DueRun];
    await start(store, running, { token: "running" });
    await settle(store, await start(store, retrying, { token: "retrying" }), { result: retryIn(7 * DAY) });
    await store.dueRuns.published({ runs: [published], now: START, repeatMs: REPEAT_MS_MAX, repeatMsMax: REPEAT_MS_MAX });
    await store.claims.defer({ deferrals: [{ runId: deferred.runId, attempt: 1, reason: "overlap", wakeAt: START + 30 * SECOND }] });
    expect(await resetWaits(store)).toBe(0);
    expect((await readRun(store, retrying)).wakeAt).toBe(START + 7 * DAY);
  },

  "what was published or put aside until long after now is publishable": async ({ store }) => {
    const { run: published } = await addJobWithRun(store, { id: "published" });
    const { run: deferred } = await addJobWithRun(store, { id: "deferred" });
    await store.dueRuns.published({ runs: [published], now: AHEAD, repeatMs: SECOND, repeatMsMax: REPEAT_MS_MAX });
    await store.claims.defer({ deferrals: [{ runId: deferred.runId, attempt: 1, reason: "overlap", wakeAt: AHEAD + 30 * SECOND }] });
    expect(await publishable(store)).toEqual([]);
    expect(await resetWaits(store)).toBe(2);
    expect(await publishable(store)).toHaveLength(2);
    expect(await resetWaits(store)).toBe(0);
  },

  "what was put aside ahead of now, to wait for another run, is noted as published once it was": async ({ store }) => {
    const { job, run: holder } = await addJobWithRun(store, { definition: { overlap: "buffer_all" } });
    const lease = await start(store, holder, { now: AHEAD });
    const waiting = only(await addRuns(store, job, { count: 1, now: AHEAD }));
    const claimant = { executor: "e1", token: "other", leaseMs: LEASE_MS };
    expect(await store.claims.claim({ runs: [waiting], claimant, now: AHEAD + SECOND, firedAfter: 0 })).toMatchObject([
      { kind: "waiting" },
    ]);
    await end(store, lease, { now: AHEAD + MINUTE });
    expect(await publishable(store)).toHaveLength(1);
    await resetWaits(store);
    await store.dueRuns.published({
      runs: [{ ...waiting, publishedAt: START + SECOND }],
      now: START + SECOND,
      repeatMs: SECOND,
      repeatMsMax: REPEAT_MS_MAX,
    });
    expect(await publishable(store)).toEqual([]);
  },

  "a retry of what failed ahead of now waits its delay from now": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    await settle(store, await start(store, run, { now: AHEAD }), { result: retryIn(MINUTE), now: AHEAD + SECOND });
    expect(await resetWaits(store)).toBe(1);
    expect((await readRun(store, run)).wakeAt).toBe(START + MINUTE);
    expect(await wake(store, START + MINUTE - 1)).toMatchObject({ ready: 0, nextWakeAt: START + MINUTE });
    expect(await resetWaits(store, START + 30 * SECOND)).toBe(0);
    expect(await wake(store, START + MINUTE)).toMatchObject({ ready: 1 });
    expect(await publishable(store)).toMatchObject([{ runId: run.runId, attempt: 2 }]);
  },

  "waits of other slots are not touched": async ({ store }) => {
    const { job, run } = await addJobWithRun(store);
    await store.dueRuns.published({ runs: [run], now: AHEAD, repeatMs: SECOND, repeatMsMax: SECOND });
    const [below, above] = [
      { from: 0, to: job.slot },
      { from: job.slot + 1, to: ALL_SLOTS.to },
    ];
    for (const shard of [below, above]) expect(await store.dueRuns.resetWaits({ shard, now: START, waitMsMax: REPEAT_MS_MAX })).toBe(0);
    expect(await resetWaits(store)).toBe(1);
  },

  "a lease that was taken ahead of now ends a lease from now": async ({ store, subject }) => {
    if (subject.leases !== "clock") return; // No clock ends them in this store.
    const { run } = await addJobWithRun(store);
    await start(store, run, { now: AHEAD });
    expect(await ending(store, START + HOUR)).toEqual([]);
    expect(await resetWaits(store)).toBe(1);
    expect(await ending(store, START + LEASE_MS)).toMatchObject([{ runId: run.runId, expiresAt: START + LEASE_MS }]);
  },

  "a leadership that ends later than two of its lives from now is free": async ({ store }) => {
    expect(await store.leaders.take({ name: "leader", owner: "gone", ttlMs: 5 * HOUR })).toBe(true);
    expect(await store.leaders.take({ name: "leader", owner: "here", ttlMs: 10 * SECOND })).toBe(true);
    expect(await store.leaders.take({ name: "leader", owner: "there", ttlMs: 10 * SECOND })).toBe(false);
    expect(await store.leaders.take({ name: "leader", owner: "there", ttlMs: 6 * SECOND })).toBe(false);
  },

  "the watermark of what is folded can be moved back, and never on by that": async ({ store }) => {
    await store.status.advance(AHEAD);
    await store.status.rewind(START);
    expect(await store.status.watermark()).toBe(START);
    await store.status.rewind(AHEAD);
    expect(await store.status.watermark()).toBe(START);
    await store.status.advance(START + SECOND);
    expect(await store.status.watermark()).toBe(START + SECOND);
  },
});
