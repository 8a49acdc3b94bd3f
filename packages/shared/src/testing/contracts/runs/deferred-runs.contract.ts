import { expect } from "@jest/globals";
import type { DueRun } from "../../../domain/run/due-run.ts";
import { ALL_SLOTS } from "../../../domain/slot.ts";
import type { ResumeRequest, ResumeResult } from "../../../ports/runs/deferred-runs.ts";
import type { Store } from "../../../ports/store/store.ts";
import { DAY, HOUR, MINUTE, START } from "../../factories.ts";
import {
  addJob,
  addJobWithRun,
  addRun,
  addRuns,
  claim,
  defer,
  end,
  pickRunIds,
  only,
  publishable,
  readRun,
  retryIn,
  settle,
  start,
  wake,
} from "../store-steps.ts";
import { defineContract } from "../store-subject.ts";

const resume = (store: Store, request: Partial<ResumeRequest> = {}): Promise<ResumeResult> =>
  store.deferred.resume({ shard: ALL_SLOTS, queue: "default", handlers: ["http"], after: null, limit: 100, ...request });

const NOTHING: ResumeResult = { runIds: [], next: null };

/** Runs that no executor which received them has a handler for. */
export const deferredRunsContract = defineContract("DeferredRuns", {
  "a run deferred for want of a handler leaves the window, and no time makes it publishable again": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    await store.dueRuns.published({ runs: [run], now: START, repeatMs: MINUTE, repeatMsMax: MINUTE });
    await defer(store, run);
    expect(await store.dueRuns.unclaimed(ALL_SLOTS)).toEqual({});
    expect(await readRun(store, run)).toMatchObject({ state: "due", reason: "unknown_handler" });
    expect(await wake(store, START + DAY)).toEqual({ ready: 0, ended: [], nextWakeAt: null, more: false });
    expect(await publishable(store)).toEqual([]);
  },

  "nor does a time that an executor gave, and such runs hide no other that is to be woken": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const [repeated, ...deferred] = (await addRuns(store, job, { count: 6 })) as [DueRun, ...DueRun[]];
    const deferrals = deferred.map(({ runId, attempt }) => ({ runId, attempt, reason: "unknown_handler", wakeAt: START + 1 }) as const);
    await store.claims.defer({ deferrals });
    await store.dueRuns.published({ runs: [repeated], now: START, repeatMs: MINUTE, repeatMsMax: MINUTE });
    let ready = 0;
    for (let round = 0; round < 10; round += 1) ready += (await wake(store, START + HOUR, 2)).ready;
    expect(ready).toBe(1);
    expect(await publishable(store)).toEqual([repeated]);
    expect(await wake(store, START + HOUR)).toEqual({ ready: 0, ended: [], nextWakeAt: null, more: false });
    expect((await resume(store)).runIds).toHaveLength(5);
  },

  "runs put aside for another reason are no such runs: their queues are not among those that have any": async ({ store }) => {
    const { run } = await addJobWithRun(store, { id: "other", definition: { queue: "low" } });
    await store.claims.defer({ deferrals: [{ runId: run.runId, attempt: 1, reason: "overlap", wakeAt: START + MINUTE }] });
    expect(await store.deferred.queues(ALL_SLOTS)).toEqual([]);
    await defer(store, (await addJobWithRun(store)).run);
    expect(await store.deferred.queues(ALL_SLOTS)).toEqual(["default"]);
  },

  "resumed runs that cannot be read are never published": async ({ store, subject }) => {
    const [bad, good] = [await addJobWithRun(store, { id: "bad" }), await addJobWithRun(store, { id: "good" })];
    for (const { run } of [bad, good]) await defer(store, run);
    await subject.damage(store, { what: "no definition", of: bad.job.uid });
    const { runIds } = await resume(store);
    expect(runIds).toHaveLength(2);
    expect(await store.deferred.waiting(runIds)).toEqual([good.run.runId]);
  },

  "resumed runs are publishable as they were: those of these handlers, of one queue, in these slots": async ({ store }) => {
    const report = await addRun(store, await addJob(store, { id: "report", slot: 1, definition: { handler: "report" } }));
    const mail = await addRun(store, await addJob(store, { id: "mail", slot: 1, definition: { handler: "email" } }));
    const low = await addRun(store, await addJob(store, { id: "low", slot: 1, definition: { handler: "report", queue: "low" } }));
    const other = await addRun(store, await addJob(store, { id: "other", slot: 2, definition: { handler: "report" } }));
    for (const run of [report, mail, low, other]) await defer(store, run);
    const request = { shard: { from: 0, to: 2 }, handlers: ["report", "http"] };
    expect(await resume(store, request)).toEqual({ runIds: [report.runId], next: null });
    expect(await publishable(store)).toEqual([report]);
    expect(await publishable(store, "low")).toEqual([]);
    expect(await readRun(store, report)).toMatchObject({ state: "due", reason: null, wakeAt: null });
    expect(await readRun(store, mail)).toMatchObject({ state: "due", reason: "unknown_handler" });
    expect(await resume(store, request)).toEqual(NOTHING);
  },

  "the oldest are resumed first, and the next call goes on behind them": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const runs: DueRun[] = [];
    for (const [index, minute] of [3, 1, 4, 0, 2].entries())
      runs[minute] = await addRun(store, job, { now: START + minute * MINUTE, name: `key-${index}` });
    for (const run of [2, 0, 4, 1, 3].map((minute) => runs[minute]!)) await defer(store, run);
    const first = await resume(store, { limit: 2 });
    expect(first.runIds).toEqual(pickRunIds(runs.slice(0, 2)));
    // Deferred again, they are skipped until the scan restarts.
    for (const run of runs.slice(0, 2)) await defer(store, run);
    const second = await resume(store, { after: first.next, limit: 2 });
    expect(second.runIds).toEqual(pickRunIds(runs.slice(2, 4)));
    expect(await resume(store, { after: second.next, limit: 2 })).toEqual({ runIds: [runs[4]!.runId], next: null });
    expect((await resume(store, { limit: 2 })).runIds).toEqual(pickRunIds(runs.slice(0, 2)));
  },

  "those of a higher priority are resumed first, page by page": async ({ store }) => {
    const runs: DueRun[] = [];
    for (const priority of [5, 9, 1]) {
      const job = await addJob(store, { id: `of-${priority}`, definition: { overlap: "allow", priority } });
      for (const minute of [1, 0]) runs.push(await addRun(store, job, { now: START + minute * MINUTE, name: `at-${minute}` }));
    }
    for (const run of runs) await defer(store, run);
    const inOrder = pickRunIds([3, 2, 1, 0, 5, 4].map((index) => runs[index]!));
    const pages: string[][] = [];
    for (let after: string | null = null; ;) {
      const page: ResumeResult = await resume(store, { after, limit: 4 });
      pages.push([...page.runIds]);
      if (page.next === null) break;
      after = page.next;
    }
    expect(pages).toEqual([inOrder.slice(0, 4), inOrder.slice(4)]);
    expect(pickRunIds(await publishable(store))).toEqual(inOrder);
  },

  "a walk that ends with a full page goes on, and finds nothing": async ({ store }) => {
    const runs = await addRuns(store, await addJob(store, { definition: { overlap: "allow" } }), { count: 2 });
    for (const run of runs) await defer(store, run);
    const { next } = await resume(store, { limit: 2 });
    expect(await resume(store, { after: next, limit: 2 })).toEqual(NOTHING);
  },

  "the queues that have such runs are returned for the slots asked for": async ({ store }) => {
    const run = await addRun(store, await addJob(store, { id: "a", slot: 1 }));
    const low = await addRun(store, await addJob(store, { id: "low", slot: 2, definition: { queue: "low" } }));
    const published = await addRun(store, await addJob(store, { id: "b", slot: 1, definition: { queue: "high" } }));
    await store.dueRuns.published({ runs: [published], now: START, repeatMs: MINUTE, repeatMsMax: MINUTE });
    expect(await store.deferred.queues(ALL_SLOTS)).toEqual([]);
    for (const deferred of [run, low]) await defer(store, deferred);
    expect([...(await store.deferred.queues(ALL_SLOTS))].sort()).toEqual(["default", "low"]);
    expect(await store.deferred.queues({ from: 0, to: 2 })).toEqual(["default"]);
    await resume(store);
    expect(await store.deferred.queues(ALL_SLOTS)).toEqual(["low"]);
  },

  "resuming touches neither published runs nor retries, nor running and ended ones": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const runs = (await addRuns(store, job, { count: 4 })) as [DueRun, DueRun, DueRun, DueRun];
    const [published, retrying, running, ended] = runs;
    await settle(store, await start(store, retrying), { result: retryIn(HOUR) });
    await start(store, running, { token: "running" });
    await end(store, await start(store, ended, { token: "ended" }));
    await store.dueRuns.published({ runs: [published], now: START, repeatMs: MINUTE, repeatMsMax: MINUTE });
    const before = await Promise.all(runs.map((run) => readRun(store, run)));
    expect(await resume(store)).toEqual(NOTHING);
    expect(await Promise.all(runs.map((run) => readRun(store, run)))).toEqual(before);
    expect(await publishable(store)).toEqual([]);
  },

  "of resumed runs those are returned that wait to be published or claimed": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const runs = (await addRuns(store, job, { count: 5 })) as [DueRun, DueRun, DueRun, DueRun, DueRun];
    for (const run of runs) await defer(store, run);
    await resume(store);
    const [publishableRun, published, claimed, again, cancelled] = runs;
    await store.dueRuns.published({ runs: [published], now: START, repeatMs: MINUTE, repeatMsMax: MINUTE });
    await start(store, claimed);
    await defer(store, again);
    await store.control.cancel(cancelled.tenantId, { runId: cancelled.runId, now: START });
    const waiting = await store.deferred.waiting([...pickRunIds(runs), "0".repeat(26)]);
    expect([...waiting].sort()).toEqual(pickRunIds([publishableRun, published]).sort());
    expect(await store.deferred.waiting([])).toEqual([]);
  },

  "a run without an executor expires, and can be claimed and cancelled": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow", expireAfterMs: MINUTE } });
    const [expiring, claimed, cancelled] = (await addRuns(store, job, { count: 3 })) as [DueRun, DueRun, DueRun];
    for (const run of [expiring, claimed, cancelled]) await defer(store, run);
    expect(only(await claim(store, [claimed])).kind).toBe("won");
    expect((await store.control.cancel(cancelled.tenantId, { runId: cancelled.runId, now: START })).kind).toBe("cancelled");
    expect((await wake(store, START)).nextWakeAt).toBe(START + MINUTE + 1);
    const { ended } = await wake(store, START + MINUTE + 1);
    expect(only(ended)).toMatchObject({ runId: expiring.runId, state: "skipped", reason: "expired" });
    expect(await resume(store)).toEqual(NOTHING);
  },
});
