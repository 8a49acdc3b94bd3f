import { expect } from "@jest/globals";
import type { DueRun } from "../../../domain/run/due-run.ts";
import type { Instant } from "../../../domain/time/instant.ts";
import type { LastRun } from "../../../domain/run/run.ts";
import { ALL_SLOTS } from "../../../domain/slot.ts";
import type { Store } from "../../../ports/store/store.ts";
import { DAY, editedJob, HOUR, MINUTE, SECOND, START } from "../../factories.ts";
import {
  addJob,
  addJobWithRun,
  addRun,
  addRuns,
  changeJob,
  claim,
  defer,
  end,
  ending,
  pickRunIds,
  LEASE_MS,
  only,
  publishable,
  readRun,
  retryIn,
  settle,
  start,
  wake,
} from "../store-steps.ts";
import { defineContract } from "../store-subject.ts";

const REPEAT_MS = 10 * SECOND;
const REPEAT_MS_MAX = 40 * SECOND;

const publish = (store: Store, runs: readonly DueRun[], now: Instant = START): Promise<void> =>
  store.dueRuns.published({
    runs: runs.map(({ runId, attempt }) => ({ runId, attempt })),
    now,
    repeatMs: REPEAT_MS,
    repeatMsMax: REPEAT_MS_MAX,
  });

const unclaimed = (store: Store): Promise<Readonly<Record<string, number>>> => store.dueRuns.unclaimed(ALL_SLOTS);

const deferUntil = (store: Store, { runId, attempt }: DueRun, wakeAt: Instant): Promise<void> =>
  store.claims.defer({ deferrals: [{ runId, attempt, reason: "overlap", wakeAt }] });

/** Runs that wait for a worker: publishing, repeating, deferring. Waking has a contract of its own. */
export const dueRunsContract = defineContract("DueRuns", {
  "publishable runs come oldest first, of one queue, at most so many": async ({ store }) => {
    const job = await addJob(store, { id: "a" });
    const low = await addJob(store, { id: "low", definition: { queue: "low" } });
    const young = await addRun(store, job, { now: START + MINUTE });
    const old = await addRun(store, job, { now: START - MINUTE });
    const middle = await addRun(store, job, { now: START });
    const other = await addRun(store, low);
    expect(await publishable(store)).toEqual([old, middle, young]);
    expect(await publishable(store, "default", 2)).toEqual([old, middle]);
    expect(await publishable(store, "low")).toEqual([other]);
    expect(await publishable(store, "high")).toEqual([]);
    expect([...(await store.dueRuns.queues(ALL_SLOTS))].sort()).toEqual(["default", "low"]);
  },

  "publishable runs come by priority, and of equal priority by id, on each page; a run whose job does not say one has 5": async ({
    store,
  }) => {
    const jobs = [await addJob(store, { id: "plain", definition: { overlap: "allow" } })];
    for (const priority of [0, 4, 6, 9])
      jobs.push(await addJob(store, { id: `of-${priority}`, definition: { overlap: "allow", priority } }));
    const runs: DueRun[] = [];
    for (const minute of [2, 0, 1]) for (const job of jobs) runs.push(await addRun(store, job, { now: START + minute * MINUTE }));
    const inOrder = runs.toSorted((a, b) => b.priority - a.priority || (a.runId < b.runId ? -1 : 1));
    expect(inOrder.map(({ priority }) => priority)).toEqual([9, 9, 9, 6, 6, 6, 5, 5, 5, 4, 4, 4, 0, 0, 0]);
    expect(await publishable(store)).toEqual(inOrder);
    expect(await store.dueRuns.queues(ALL_SLOTS)).toEqual(["default"]);
    for (let from = 0; from < inOrder.length; from += 4) {
      const page = await publishable(store, "default", 4);
      expect(page).toEqual(inOrder.slice(from, from + 4));
      await publish(store, page);
    }
    expect(await unclaimed(store)).toEqual({ default: 15 });
  },

  "runs of a low priority come last as long as more urgent ones are publishable, however old they are": async ({ store }) => {
    const low = await addRun(store, await addJob(store, { id: "low", definition: { priority: 0 } }), { now: START - HOUR });
    const urgent = await addJob(store, { id: "urgent", definition: { overlap: "allow", priority: 9 } });
    for (let minute = 0; minute < 3; minute += 1) {
      const run = await addRun(store, urgent, { now: START + minute * MINUTE });
      expect(await publishable(store, "default", 1)).toEqual([run]);
      await publish(store, [run]);
    }
    expect(await publishable(store, "default", 1)).toEqual([low]);
  },

  "a run keeps the priority of its fire on all attempts and in its record; an edit changes that of later runs": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow", priority: 2 } });
    const before = await addRun(store, job);
    const edited = await changeJob(store, job, editedJob(job, { priority: 8 }));
    const after = await addRun(store, edited, { now: START + MINUTE, name: "after" });
    expect(await publishable(store)).toEqual([after, before]);
    await settle(store, await start(store, before), { result: { kind: "released" } });
    expect(await publishable(store)).toMatchObject([{ priority: 8 }, { runId: before.runId, attempt: 2, priority: 2 }]);
    await end(store, await start(store, after, { token: "after" }));
    expect([(await readRun(store, before)).priority, (await readRun(store, after)).priority]).toEqual([2, 8]);
    expect((await store.jobs.get("default", job.id))?.definition.priority).toBe(8);
    expect((await store.announcements.unannounced({ shard: ALL_SLOTS, endedBefore: START + DAY, limit: 1 }))[0]?.priority).toBe(8);
  },

  "a message that says another priority is about the same run: a scheduler of a version before priorities says none": async ({ store }) => {
    const { run } = await addJobWithRun(store, { definition: { priority: 9 } });
    expect(only(await claim(store, [{ ...run, priority: 5 }])).kind).toBe("won");
  },

  "reading what is publishable changes nothing": async ({ store }) => {
    await addRuns(store, await addJob(store), { count: 3 });
    expect(await publishable(store)).toEqual(await publishable(store));
  },

  "each leader sees the runs of its own slots": async ({ store }) => {
    const one = await addRun(store, await addJob(store, { id: "one", slot: 1 }));
    const two = await addRun(store, await addJob(store, { id: "two", slot: 2 }));
    for (const [shard, run] of [
      [{ from: 0, to: 2 }, one],
      [{ from: 2, to: 3 }, two],
    ] as const) {
      expect(await store.dueRuns.publishable({ shard, queue: "default", limit: 10 })).toEqual([run]);
      expect(await store.dueRuns.queues(shard)).toEqual(["default"]);
    }
    await publish(store, [one]);
    expect(await store.dueRuns.unclaimed({ from: 0, to: 2 })).toEqual({ default: 1 });
    expect(await store.dueRuns.unclaimed({ from: 2, to: 3 })).toEqual({});
    expect(await store.dueRuns.queues({ from: 0, to: 2 })).toEqual([]);
    const woken = await store.dueRuns.wake({ shard: { from: 2, to: 3 }, now: START + HOUR, limit: 10 });
    expect(woken).toEqual({ ready: 0, ended: [], nextWakeAt: null, more: false });
  },

  "a run carries all that an executor needs, and the job's last run": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow", onUncertain: "skip", params: { deep: { list: [1] } } } });
    const run = await addRun(store, job);
    const lastRun: LastRun = {
      runId: "0".repeat(26),
      state: "succeeded",
      scheduledFor: START - HOUR,
      startedAt: START - HOUR,
      finishedAt: START - HOUR,
      attempt: 1,
      error: null,
    };
    await store.status.apply([{ tenantId: job.tenantId, jobUid: job.uid, lastRun }]);
    expect(await publishable(store)).toEqual([{ ...run, lastRun }]);
  },

  "runs that were rescued often can be left out, and are counted by themselves": async ({ store: first, endLeases }) => {
    const job = await addJob(first, { definition: { overlap: "allow" } });
    const [rescued, plain] = (await addRuns(first, job, { count: 2 })) as [DueRun, DueRun];
    await start(first, rescued);
    const { store, now } = await endLeases({ now: START, leaseMs: LEASE_MS });
    const rescues = (await ending(store, now)).map(({ runId, expiresAt }) => ({ runId, expiresAt, to: "due" }) as const);
    expect((await store.leases.rescue({ rescues, now })).rescued).toBe(1);
    const query = { shard: ALL_SLOTS, queue: "default", limit: 1 };
    expect(pickRunIds(await store.dueRuns.publishable({ ...query, rescuesBelow: 1 }))).toEqual([plain.runId]);
    expect(await store.dueRuns.publishable({ ...query, limit: 10, rescuesBelow: 2 })).toHaveLength(2);
    expect(await store.dueRuns.unclaimedRescued(ALL_SLOTS, 0)).toEqual({});
    await publish(store, await publishable(store), now);
    expect(await unclaimed(store)).toEqual({ default: 2 });
    expect(await store.dueRuns.unclaimedRescued(ALL_SLOTS, 1)).toEqual({ default: 1 });
    expect(await store.dueRuns.unclaimedRescued(ALL_SLOTS, 2)).toEqual({});
  },

  "a published run is publishable no more, and counts as unclaimed until it is claimed": async ({ store }) => {
    const [first, second] = await addRuns(store, await addJob(store, { definition: { overlap: "allow" } }), { count: 2 });
    expect(await unclaimed(store)).toEqual({});
    await publish(store, [first!, second!]);
    expect(await publishable(store)).toEqual([]);
    expect(await unclaimed(store)).toEqual({ default: 2 });
    await start(store, first!);
    expect(await unclaimed(store)).toEqual({ default: 1 });
    await store.control.cancel("default", { runId: second!.runId, now: START });
    expect(await unclaimed(store)).toEqual({});
  },

  "a published run that stays unclaimed is publishable again, at doubling intervals up to the longest": async ({ store }) => {
    const run = await addRun(store, await addJob(store));
    let now = START;
    for (const intervalMs of [REPEAT_MS, 2 * REPEAT_MS, REPEAT_MS_MAX, REPEAT_MS_MAX]) {
      await publish(store, [run], now);
      expect(await wake(store, now + intervalMs - 1)).toEqual({ ready: 0, ended: [], nextWakeAt: now + intervalMs, more: false });
      expect(await publishable(store)).toEqual([]);
      now += intervalMs;
      expect(await unclaimed(store)).toEqual({ default: 1 });
      expect((await wake(store, now)).ready).toBe(1);
      expect(await publishable(store)).toEqual([run]);
      // It leaves the window; otherwise a window full of lost messages would never be published again.
      expect(await unclaimed(store)).toEqual({});
    }
  },

  "repeating that a run was published is harmless": async ({ store }) => {
    const run = await addRun(store, await addJob(store));
    await publish(store, [run]);
    await publish(store, [run]);
    expect(await unclaimed(store)).toEqual({ default: 1 });
    await wake(store, START + 2 * REPEAT_MS);
    expect(await publishable(store)).toEqual([run]);
  },

  "runs meanwhile claimed or ended, of another attempt or unknown, are left alone by a publication": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const [running, ended, raised] = (await addRuns(store, job, { count: 3 })) as [DueRun, DueRun, DueRun];
    await start(store, running);
    await end(store, await start(store, ended));
    await settle(store, await start(store, raised), { result: { kind: "released" } });
    const before = await Promise.all([running, ended, raised].map((run) => readRun(store, run)));
    await publish(store, [running, ended, raised, { ...running, runId: "0".repeat(26) }]);
    expect(await Promise.all([running, ended, raised].map((run) => readRun(store, run)))).toEqual(before);
    expect(await publishable(store)).toMatchObject([{ runId: raised.runId, attempt: 2 }]);
    expect(await unclaimed(store)).toEqual({});
  },

  "a run that an executor deferred before its publication was noted stays deferred": async ({ store }) => {
    const run = await addRun(store, await addJob(store));
    await deferUntil(store, run, START + HOUR);
    await publish(store, [run]);
    expect(await unclaimed(store)).toEqual({});
    expect(await readRun(store, run)).toMatchObject({ reason: "overlap", wakeAt: START + HOUR });
  },

  "a deferred run leaves the window, and is publishable again when it wakes": async ({ store }) => {
    const run = await addRun(store, await addJob(store));
    await publish(store, [run]);
    await deferUntil(store, run, START + MINUTE);
    expect(await unclaimed(store)).toEqual({});
    expect(await publishable(store)).toEqual([]);
    expect(await readRun(store, run)).toMatchObject({ state: "due", reason: "overlap", wakeAt: START + MINUTE });
    expect((await wake(store, START + MINUTE - 1)).ready).toBe(0);
    expect((await wake(store, START + MINUTE)).ready).toBe(1);
    expect(await publishable(store)).toEqual([run]);
  },

  "runs that may overlap and were put aside for a worker of their job wake together, whatever else of the job runs": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const [running, ...waiting] = (await addRuns(store, job, { count: 3 })) as [DueRun, DueRun, DueRun];
    await start(store, running);
    const deferrals = waiting.map(({ runId, attempt }) => ({ runId, attempt, reason: "job_workers", wakeAt: START + MINUTE }) as const);
    await store.claims.defer({ deferrals });
    expect(await publishable(store)).toEqual([]);
    expect(await readRun(store, waiting[0]!)).toMatchObject({ state: "due", reason: "job_workers", wakeAt: START + MINUTE });
    expect(await wake(store, START + MINUTE)).toMatchObject({ ready: 2 });
    expect(pickRunIds(await publishable(store)).sort()).toEqual(pickRunIds(waiting).sort());
  },

  "an unpublished run can be deferred as well, and repeating it is harmless": async ({ store }) => {
    const run = await addRun(store, await addJob(store));
    await deferUntil(store, run, START + MINUTE);
    await deferUntil(store, run, START + MINUTE);
    expect(await publishable(store)).toEqual([]);
    expect((await wake(store, START + MINUTE)).ready).toBe(1);
    expect(await publishable(store)).toEqual([run]);
  },

  "a deferred run can be claimed all the same, and its reason goes with the wait": async ({ store }) => {
    const run = await addRun(store, await addJob(store));
    await deferUntil(store, run, START + MINUTE);
    const held = await start(store, run);
    expect(await readRun(store, run)).toMatchObject({ state: "running", reason: null, wakeAt: null });
    await end(store, held);
    expect(await readRun(store, run)).toMatchObject({ state: "succeeded", reason: null, wakeAt: null });
  },

  "running, retrying and ended runs, and those of another attempt, cannot be deferred": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const [running, retrying, ended, raised] = (await addRuns(store, job, { count: 4 })) as [DueRun, DueRun, DueRun, DueRun];
    await start(store, running);
    await settle(store, await start(store, retrying), { result: retryIn(HOUR) });
    await end(store, await start(store, ended));
    await settle(store, await start(store, raised), { result: { kind: "released" } });
    const runs = [running, retrying, ended, raised];
    const before = await Promise.all(runs.map((run) => readRun(store, run)));
    for (const run of runs) await deferUntil(store, run, START + MINUTE);
    for (const run of runs) await defer(store, run);
    expect(await Promise.all(runs.map((run) => readRun(store, run)))).toEqual(before);
    expect(pickRunIds(await publishable(store))).toEqual([raised.runId]);
  },

  "a run is publishable under the definition of its fire, also when it is due again after an edit": async ({ store }) => {
    const job = await addJob(store, { definition: { params: { v: 1 } } });
    const run = await addRun(store, job);
    await changeJob(store, job, editedJob(job, { params: { v: 2 }, queue: "low", handler: "other", timeoutMs: 5 }));
    await settle(store, await start(store, run), { result: { kind: "released" } });
    const again = only(await publishable(store));
    expect(again).toEqual({ ...run, attempt: 2, firstStartedAt: START });
    expect(only(await claim(store, [again], { token: "second" })).kind).toBe("won");
  },
});
