import { expect } from "@jest/globals";
import { ALL_SLOTS } from "../../../domain/slot.ts";
import type { DueRun } from "../../../domain/run/due-run.ts";
import { editedJob, HOUR, MINUTE, SECOND, START } from "../../factories.ts";
import {
  addJob,
  addJobWithRun,
  addRun,
  addRuns,
  changeJob,
  claim,
  countKind,
  deleteJob,
  end,
  pickRunIds,
  publishable,
  race,
  readRun,
  retryIn,
  settle,
  start,
  unannounced,
  wake,
} from "../store-steps.ts";
import { defineContract } from "../store-subject.ts";

/** Requests of users about runs. */
export const runControlContract = defineContract("RunControl", {
  "a due run is cancelled at once": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    const outcome = await store.control.cancel(run.tenantId, { runId: run.runId, now: START + SECOND });
    const cancelled = { runId: run.runId, state: "cancelled", reason: "cancelled", startedAt: null, finishedAt: START + SECOND };
    expect(outcome).toMatchObject({ kind: "cancelled", run: cancelled });
    expect(await readRun(store, run)).toMatchObject({ ...cancelled, wakeAt: null, attempts: [] });
    expect(await publishable(store)).toEqual([]);
    expect(await unannounced(store)).toEqual(outcome.kind === "cancelled" ? [outcome.run] : []);
    expect(await claim(store, [run])).toEqual([{ kind: "lost" }]);
  },

  "a run that waits for its retry is cancelled at once, and never comes due": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    await settle(store, await start(store, run), { result: retryIn(MINUTE) });
    const outcome = await store.control.cancel(run.tenantId, { runId: run.runId, now: START + SECOND });
    expect(outcome).toMatchObject({
      kind: "cancelled",
      run: { state: "cancelled", attempt: 1, startedAt: START, finishedAt: START + SECOND },
    });
    expect(await wake(store, START + HOUR)).toEqual({ ready: 0, ended: [], nextWakeAt: null, more: false });
    expect(await readRun(store, run)).toMatchObject({ state: "cancelled", wakeAt: null });
  },

  "a running run is flagged, as often as one asks": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    const held = await start(store, run);
    for (let time = 1; time <= 2; time += 1) {
      expect(await store.control.cancel(run.tenantId, { runId: run.runId, now: START })).toEqual({ kind: "requested" });
    }
    expect(await readRun(store, run)).toMatchObject({ state: "running", cancelRequested: true });
    expect((await end(store, held, { result: { kind: "cancelled" } })).state).toBe("cancelled");
  },

  "for an ended run it is too late, and an unknown one is unknown": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const [succeeded, cancelled] = (await addRuns(store, job, { count: 2 })) as [DueRun, DueRun];
    await end(store, await start(store, succeeded));
    await store.control.cancel(job.tenantId, { runId: cancelled.runId, now: START });
    for (const { runId } of [succeeded, cancelled]) {
      expect(await store.control.cancel(job.tenantId, { runId, now: START })).toEqual({ kind: "ended" });
    }
    expect(await store.control.cancel(job.tenantId, { runId: "0".repeat(26), now: START })).toEqual({ kind: "unknown" });
    expect(await readRun(store, succeeded)).toMatchObject({ state: "succeeded", cancelRequested: false });
  },

  "of many who cancel one due run exactly one does": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    const outcomes = await race(() => store.control.cancel(run.tenantId, { runId: run.runId, now: START }));
    expect(countKind(outcomes, "cancelled")).toBe(1);
    expect(countKind(outcomes, "ended")).toBe(outcomes.length - 1);
    expect(await unannounced(store)).toHaveLength(1);
  },

  "what is open of a deleted job is cancelled; what runs may finish": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const [due, published, retrying, running, ended] = (await addRuns(store, job, { count: 5 })) as [
      DueRun,
      DueRun,
      DueRun,
      DueRun,
      DueRun,
    ];
    await store.dueRuns.published({ runs: [published], now: START, repeatMs: MINUTE, repeatMsMax: MINUTE });
    await settle(store, await start(store, retrying), { result: retryIn(MINUTE) });
    const held = await start(store, running, { token: "running" });
    await end(store, await start(store, ended, { token: "ended" }));
    await deleteJob(store, job);
    const cancelled = await store.control.cancelOpen(job.tenantId, { jobUid: job.uid, now: START + SECOND, limit: 10 });
    expect(pickRunIds(cancelled).sort()).toEqual(pickRunIds([due, published, retrying]).sort());
    for (const run of cancelled) expect(run).toMatchObject({ state: "cancelled", reason: "job_deleted", finishedAt: START + SECOND });
    expect(await publishable(store)).toEqual([]);
    expect(await store.dueRuns.unclaimed(ALL_SLOTS)).toEqual({});
    expect(await wake(store, START + HOUR)).toEqual({ ready: 0, ended: [], nextWakeAt: null, more: false });
    expect((await end(store, held)).state).toBe("succeeded");
    expect(await unannounced(store)).toHaveLength(5);
  },

  "what runs of a job is asked to end, each once; what waits and what others run is left as it is": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const [due, retrying, first, second, third] = (await addRuns(store, job, { count: 5 })) as [DueRun, DueRun, DueRun, DueRun, DueRun];
    await settle(store, await start(store, retrying), { result: retryIn(MINUTE) });
    const held = await start(store, first, { token: "first" });
    for (const [token, run] of Object.entries({ second, third })) await start(store, run, { token });
    const other = (await addJobWithRun(store, { id: "other" })).run;
    await start(store, other, { token: "other" });
    await deleteJob(store, job);
    const client = { address: "192.0.2.7", userAgent: "test" };
    const request = { jobUid: job.uid, client, now: START, limit: 2 };
    expect(await store.control.cancelRunning("other", request)).toEqual([]);
    const asked = [await store.control.cancelRunning(job.tenantId, request), await store.control.cancelRunning(job.tenantId, request)];
    expect(asked.map(({ length }) => length)).toEqual([2, 1]);
    expect(asked.flat().sort()).toEqual(pickRunIds([first, second, third]).sort());
    expect(await store.control.cancelRunning(job.tenantId, request)).toEqual([]);
    const cancel = { requestedAt: START, by: { kind: "job_deleted", ...client } };
    expect(await readRun(store, first)).toMatchObject({ state: "running", cancelRequested: true, cancel });
    for (const run of [due, retrying, other]) expect(await readRun(store, run)).toMatchObject({ cancelRequested: false });
    expect((await end(store, held, { result: { kind: "cancelled" } })).state).toBe("cancelled");
    expect(await store.control.cancelRunning(job.tenantId, { ...request, jobUid: "unknown" })).toEqual([]);
  },

  "of an edited job what waits for another queue or handler is cancelled, and the rest goes on": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const [due, retrying, running] = (await addRuns(store, job, { count: 3 })) as [DueRun, DueRun, DueRun];
    await settle(store, await start(store, retrying), { result: retryIn(MINUTE) });
    await start(store, running, { token: "running" });
    const edited = await changeJob(store, job, editedJob(job, { handler: "other" }));
    const young = await addRun(store, edited, { name: "young" });
    const request = {
      jobUid: job.uid,
      reason: "job_edited",
      keeping: { queue: "default", handler: "other" },
      now: START,
      limit: 10,
    } as const;
    expect(await store.control.cancelOpen("other", request)).toEqual([]);
    const cancelled = await store.control.cancelOpen(job.tenantId, request);
    expect(pickRunIds(cancelled).sort()).toEqual(pickRunIds([due, retrying]).sort());
    for (const run of cancelled) expect(run).toMatchObject({ state: "cancelled", reason: "job_edited" });
    expect(pickRunIds(await publishable(store))).toEqual([young.runId]);
    expect(await readRun(store, running)).toMatchObject({ state: "running" });
  },

  "it goes on in parts until fewer than the limit come back": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const other = await addJobWithRun(store, { id: "other" });
    await addRuns(store, job, { count: 5 });
    await deleteJob(store, job);
    const sizes: number[] = [];
    for (let time = 1; time <= 3; time += 1) {
      sizes.push((await store.control.cancelOpen(job.tenantId, { jobUid: job.uid, now: START, limit: 2 })).length);
    }
    expect(sizes).toEqual([2, 2, 1]);
    expect(await store.control.cancelOpen(job.tenantId, { jobUid: job.uid, now: START, limit: 2 })).toEqual([]);
    expect(await publishable(store)).toEqual([other.run]);
  },
});
