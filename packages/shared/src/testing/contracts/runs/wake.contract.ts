import { expect } from "@jest/globals";
import { ALL_SLOTS } from "../../../domain/slot.ts";
import type { DueRun } from "../../../domain/run/due-run.ts";
import type { WakeResult } from "../../../ports/runs/due-runs.ts";
import { HOUR, MINUTE, SECOND, START } from "../../factories.ts";
import {
  addJob,
  addJobWithRun,
  addRuns,
  claim,
  end,
  pickRunIds,
  only,
  publishable,
  readRun,
  retryIn,
  settle,
  start,
  unannounced,
  wake,
} from "../store-steps.ts";
import { defineContract } from "../store-subject.ts";

const IDLE: WakeResult = { ready: 0, ended: [], nextWakeAt: null, more: false };
const ROUNDS_MAX = 20;

/** Changes of waiting runs by time: retries become due, unclaimed runs are published again, runs that waited too long expire. */
export const wakeContract = defineContract("DueRuns.wake", {
  "where nothing waits there is nothing to wake": async ({ store }) => {
    expect(await wake(store, START)).toEqual(IDLE);
    await addRuns(store, await addJob(store), { count: 2 });
    expect(await wake(store, START + HOUR)).toEqual(IDLE);
  },

  "a retry comes due with the next attempt, and is publishable": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    await settle(store, await start(store, run), { result: retryIn(MINUTE) });
    expect(await publishable(store)).toEqual([]);
    expect(await wake(store, START + MINUTE - 1)).toEqual({ ...IDLE, nextWakeAt: START + MINUTE });
    expect(await wake(store, START + MINUTE)).toEqual({ ...IDLE, ready: 1 });
    expect(await publishable(store)).toEqual([{ ...run, attempt: 2, failures: 1, firstStartedAt: START }]);
    expect(await readRun(store, run)).toMatchObject({ state: "due", attempt: 2, wakeAt: null });
    expect(await wake(store, START + HOUR)).toEqual(IDLE);
  },

  "a run not started within its expiry is skipped: expired, published or not": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow", expireAfterMs: MINUTE } });
    const [waiting, published] = (await addRuns(store, job, { count: 2 })) as [DueRun, DueRun];
    await store.dueRuns.published({ runs: [published], now: START, repeatMs: HOUR, repeatMsMax: HOUR });
    const early = await wake(store, START + MINUTE - 1);
    expect(early).toMatchObject({ ready: 0, ended: [], more: false });
    expect(early.nextWakeAt).toBeGreaterThanOrEqual(START + MINUTE);
    expect(early.nextWakeAt).toBeLessThanOrEqual(START + MINUTE + 1);
    const { ended, nextWakeAt } = await wake(store, START + MINUTE + 1);
    expect(nextWakeAt).toBeNull();
    expect(pickRunIds(ended).sort()).toEqual(pickRunIds([waiting, published]).sort());
    for (const run of ended)
      expect(run).toMatchObject({ state: "skipped", reason: "expired", startedAt: null, finishedAt: START + MINUTE + 1, output: null });
    expect(await publishable(store)).toEqual([]);
    expect(await store.dueRuns.unclaimed(ALL_SLOTS)).toEqual({});
    expect(pickRunIds(await unannounced(store)).sort()).toEqual(pickRunIds(ended).sort());
    expect(await claim(store, [waiting])).toEqual([{ kind: "lost" }]);
    expect(await wake(store, START + HOUR)).toEqual(IDLE);
  },

  "a deferred run expires too": async ({ store }) => {
    const { run } = await addJobWithRun(store, { definition: { expireAfterMs: MINUTE } });
    await store.claims.defer({ deferrals: [{ runId: run.runId, attempt: 1, reason: "overlap", wakeAt: START + HOUR }] });
    const { ended, ready } = await wake(store, START + MINUTE + 1);
    expect(ready).toBe(0);
    expect(only(ended)).toMatchObject({ runId: run.runId, state: "skipped", reason: "expired" });
  },

  "a run that was started once never expires: not while it runs, not when it retries, not when it is due again": async ({ store }) => {
    const { run } = await addJobWithRun(store, { definition: { expireAfterMs: MINUTE } });
    const held = await start(store, run);
    expect((await wake(store, START + HOUR)).ended).toEqual([]);
    await settle(store, held, { result: retryIn(HOUR) });
    expect((await wake(store, START + 2 * MINUTE)).ended).toEqual([]);
    expect(await wake(store, START + HOUR)).toEqual({ ...IDLE, ready: 1 });
    expect((await wake(store, START + 2 * HOUR)).ended).toEqual([]);
    const second = await start(store, only(await publishable(store)), { token: "second", now: START + 2 * HOUR });
    expect((await end(store, second, { now: START + 2 * HOUR })).state).toBe("succeeded");
  },

  "a claim in time saves a run from its expiry": async ({ store }) => {
    const { run } = await addJobWithRun(store, { definition: { expireAfterMs: MINUTE } });
    const held = await start(store, run);
    expect(await wake(store, START + HOUR)).toEqual(IDLE);
    expect((await end(store, held)).state).toBe("succeeded");
  },

  "the next instant to wake is the earliest of all that wait": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const [retrying, published, deferred] = (await addRuns(store, job, { count: 3 })) as [DueRun, DueRun, DueRun];
    await settle(store, await start(store, retrying), { result: retryIn(30 * SECOND) });
    await store.dueRuns.published({ runs: [published], now: START, repeatMs: 20 * SECOND, repeatMsMax: MINUTE });
    await store.claims.defer({
      deferrals: [{ runId: deferred.runId, attempt: 1, reason: "overlap", wakeAt: START + 10 * SECOND }],
    });
    expect(await wake(store, START)).toEqual({ ...IDLE, nextWakeAt: START + 10 * SECOND });
    expect(await wake(store, START + 10 * SECOND)).toEqual({ ...IDLE, ready: 1, nextWakeAt: START + 20 * SECOND });
    expect(await wake(store, START + 20 * SECOND)).toEqual({ ...IDLE, ready: 1, nextWakeAt: START + 30 * SECOND });
    expect(await wake(store, START + 30 * SECOND)).toEqual({ ...IDLE, ready: 1, nextWakeAt: null });
    expect(await publishable(store)).toHaveLength(3);
  },

  "each kind has a budget of its own, and there is more while one is used up": async ({ store }) => {
    const job = await addJob(store, { id: "steady", definition: { overlap: "allow" } });
    const expiring = await addJob(store, { id: "expiring", definition: { overlap: "allow", expireAfterMs: MINUTE } });
    const runs = await addRuns(store, job, { count: 6 });
    await addRuns(store, expiring, { count: 3 });
    for (const run of runs.slice(0, 3)) await settle(store, await start(store, run, { token: run.runId }), { result: retryIn(SECOND) });
    await store.dueRuns.published({ runs: runs.slice(3), now: START, repeatMs: SECOND, repeatMsMax: SECOND });
    const first = await wake(store, START + HOUR, 2);
    expect(first).toMatchObject({ ready: 4, more: true });
    expect(first.ended).toHaveLength(2);
    const second = await wake(store, START + HOUR, 2);
    expect(second).toMatchObject({ ready: 2, more: false, nextWakeAt: null });
    expect(second.ended).toHaveLength(1);
  },

  "waking until there is no more wakes all of them once": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    for (const run of await addRuns(store, job, { count: 10 }))
      await settle(store, await start(store, run, { token: run.runId }), { result: retryIn(SECOND) });
    let ready = 0;
    for (let round = 0; ; round += 1) {
      const result = await wake(store, START + MINUTE, 3);
      ready += result.ready;
      expect(round).toBeLessThan(ROUNDS_MAX);
      if (!result.more) break;
    }
    expect(ready).toBe(10);
    expect((await publishable(store)).map(({ attempt }) => attempt)).toEqual(Array.from({ length: 10 }, () => 2));
  },

  "two leaders that wake at once wake each run once": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    for (const run of await addRuns(store, job, { count: 10 }))
      await settle(store, await start(store, run, { token: run.runId }), { result: retryIn(SECOND) });
    const results = await Promise.all([wake(store, START + MINUTE), wake(store, START + MINUTE), wake(store, START + MINUTE)]);
    expect(results.reduce((total, { ready }) => total + ready, 0)).toBe(10);
    expect((await publishable(store)).every(({ attempt }) => attempt === 2)).toBe(true);
  },
});
