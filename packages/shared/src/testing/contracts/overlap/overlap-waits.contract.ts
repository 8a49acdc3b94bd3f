import { expect } from "@jest/globals";
import type { DueRun } from "../../../domain/run/due-run.ts";
import type { Instant } from "../../../domain/time/instant.ts";
import type { Job } from "../../../domain/job/job.ts";
import type { ClaimOutcome } from "../../../ports/runs/run-claims.ts";
import type { Store } from "../../../ports/store/store.ts";
import { editedJob, HOUR, MINUTE, SECOND, START } from "../../factories.ts";
import {
  addJob,
  addRun,
  changeJob,
  claim,
  end,
  pickRunIds,
  only,
  publishable,
  readRun,
  retryIn,
  settle,
  start,
  SUCCESS,
  wake,
} from "../store-steps.ts";
import { defineContract } from "../store-subject.ts";

const LATER = START + SECOND;

/** A run whose instant came at `at`, claimed one second later. */
async function claimLate(store: Store, job: Job, at: Instant, name = "late"): Promise<{ run: DueRun; outcome: ClaimOutcome }> {
  const run = await addRun(store, job, { now: at, name });
  return { run, outcome: only(await claim(store, [run], { token: name, now: at + SECOND })) };
}

/** One run in progress; one that waits for it, and one that was fired after its job got another handler. */
async function acrossEdit(store: Store) {
  const job = await addJob(store, { definition: { handler: "old" } });
  const held = await start(store, await addRun(store, job, { now: START, name: "holder" }), { now: LATER });
  const before = await addRun(store, job, { now: LATER - 2, name: "before" });
  const edited = await changeJob(store, job, editedJob(job, { handler: "new" }));
  const after = await addRun(store, edited, { now: LATER - 1, name: "after" });
  expect(await claim(store, [before, after], { token: "early", now: LATER })).toEqual([WAITING, WAITING]);
  return { job: edited, held, before, after };
}

const WAITING = { kind: "waiting", cancelRequested: null, superseded: [] };

/** Runs that wait: for another run of their job, which wakes them when it ends, and for other things, when they delay no other run. */
export const overlapWaitsContract = defineContract("RunClaims.claim, runs that wait", {
  "a run that waits for a retry delays no other run, and goes first when it is due again": async ({ store }) => {
    const job = await addJob(store);
    const first = await addRun(store, job);
    await settle(store, await start(store, first), { result: retryIn(MINUTE) });
    const meanwhile = await claimLate(store, job, LATER);
    if (meanwhile.outcome.kind !== "won") throw new Error(`claim was ${meanwhile.outcome.kind}`);
    await wake(store, START + MINUTE);
    const again = { ...only(await publishable(store)) };
    expect(again).toMatchObject({ runId: first.runId, attempt: 2 });
    // It has been started, so it is never skipped, however long the other was in progress.
    expect(only(await claim(store, [again], { token: "again", now: START + MINUTE }))).toEqual(WAITING);
    await end(store, meanwhile.outcome.claim);
    expect(only(await claim(store, [again], { token: "after", now: START + MINUTE })).kind).toBe("won");
  },

  "a run that waits for an executor with its handler delays no other run": async ({ store }) => {
    const job = await addJob(store);
    const unknown = await addRun(store, job, { name: "unknown" });
    await store.claims.defer({ deferrals: [{ runId: unknown.runId, attempt: 1, reason: "unknown_handler", wakeAt: START + HOUR }] });
    const retried = await addRun(store, job, { now: START, name: "retried" });
    await settle(store, await start(store, retried), { result: { kind: "released" } });
    await store.claims.defer({ deferrals: [{ runId: retried.runId, attempt: 2, reason: "unknown_handler", wakeAt: START + HOUR }] });
    expect((await claimLate(store, job, LATER)).outcome.kind).toBe("won");
  },

  "a run that is put aside for want of its handler lets the next one go on": async ({ store }) => {
    const job = await addJob(store);
    const unknown = await addRun(store, job, { now: START, name: "unknown" });
    const next = await addRun(store, job, { now: LATER, name: "next" });
    expect(only(await claim(store, [next], { token: "early", now: LATER }))).toEqual(WAITING);
    await store.claims.defer({ deferrals: [{ runId: unknown.runId, attempt: 1, reason: "unknown_handler", wakeAt: START + HOUR }] });
    expect(pickRunIds(await publishable(store))).toEqual([next.runId]);
    expect(only(await claim(store, [next], { token: "next", now: LATER })).kind).toBe("won");
  },

  "after an edit of the queue or handler nothing waits for the runs of before": async ({ store }) => {
    const job = await addJob(store, { definition: { handler: "old" } });
    await addRun(store, job, { name: "before" });
    const edited = await changeJob(store, job, editedJob(job, { handler: "new" }));
    expect((await claimLate(store, edited, LATER)).outcome.kind).toBe("won");
  },

  "an end wakes the first of each queue and handler: it is not known which of them an executor serves": async ({ store }) => {
    const { job, held, before, after } = await acrossEdit(store);
    expect(await settle(store, held, { result: SUCCESS, now: LATER + SECOND })).toMatchObject({ ready: "default" });
    expect(pickRunIds(await publishable(store))).toEqual([before.runId, after.runId]);
    const last = await addRun(store, job, { now: LATER + SECOND, name: "last" });
    const won = await start(store, after, { token: "after", now: LATER + SECOND });
    expect(only(await claim(store, [last], { token: "last", now: LATER + SECOND }))).toEqual(WAITING);
    expect(only(await claim(store, [before], { token: "before", now: LATER + SECOND }))).toEqual(WAITING);
    expect(await settle(store, won, { result: retryIn(MINUTE), now: LATER + SECOND })).toMatchObject({ ready: "default" });
    expect(pickRunIds(await publishable(store))).toEqual([before.runId, last.runId]);
  },

  "an older run of another queue or handler does not keep one whose wake was lost from being looked at again": async ({ store }) => {
    const { held, before, after } = await acrossEdit(store);
    expect(await wake(store, LATER + 10 * SECOND)).toMatchObject({ ready: 2 });
    expect(pickRunIds(await publishable(store))).toEqual([before.runId, after.runId]);
    // The first one continues to wait, published or not, and so do only those of its queue and handler.
    expect(only(await claim(store, [after], { token: "again", now: LATER + 10 * SECOND }))).toEqual(WAITING);
    expect(await wake(store, LATER + 30 * SECOND)).toMatchObject({ ready: 1 });
    await end(store, held, { now: LATER + 30 * SECOND });
    expect(only(await claim(store, [after], { token: "then", now: LATER + 30 * SECOND })).kind).toBe("won");
  },

  "where somebody stops cancelling the runs of an edited job, what is left of them goes on": async ({ store }) => {
    const job = await addJob(store, { definition: { handler: "old" } });
    const runs = await Promise.all(["a", "b", "c"].map((name, index) => addRun(store, job, { now: START + index, name })));
    await claim(store, runs, { now: LATER });
    await end(store, { run: runs[0]!, token: "token-1", leaseMs: null, startedAt: LATER });
    await changeJob(store, job, editedJob(job, { handler: "new" }));
    const keeping = { queue: "default", handler: "new" };
    const request = { jobUid: job.uid, reason: "job_edited", keeping, now: LATER, limit: 1 } as const;
    expect(pickRunIds(await store.control.cancelOpen(job.tenantId, request))).toEqual([runs[1]!.runId]);
    expect(pickRunIds(await publishable(store))).toEqual([runs[2]!.runId]);
  },

  "the end of a run under allow wakes no run: none has waited for it": async ({ store }) => {
    const job = await addJob(store);
    await start(store, await addRun(store, job, { name: "holder" }), { now: LATER });
    const waiting = await addRun(store, job, { now: LATER, name: "waiting" });
    expect(only(await claim(store, [waiting], { token: "early", now: LATER }))).toEqual(WAITING);
    const edited = await changeJob(store, job, editedJob(job, { overlap: "allow" }));
    for (const result of [SUCCESS, retryIn(MINUTE), { kind: "released" }] as const) {
      const name = `beside-${result.kind}`;
      const beside = await start(store, await addRun(store, edited, { now: LATER, name }), { token: name, now: LATER });
      expect(await settle(store, beside, { result, now: LATER })).not.toHaveProperty("ready");
      await store.control.cancel(job.tenantId, { runId: beside.run.runId, now: LATER });
      expect(await publishable(store)).toEqual([]);
    }
  },

  "a wake that was lost in a crash is made good after a while": async ({ store }) => {
    const job = await addJob(store);
    await start(store, await addRun(store, job, { now: START, name: "holder" }), { now: LATER });
    const waiting = await addRun(store, job, { now: LATER, name: "waiting" });
    expect(only(await claim(store, [waiting], { token: "early", now: LATER }))).toEqual(WAITING);
    const { wakeAt } = await readRun(store, waiting);
    expect(wakeAt).toBe(LATER + 10 * SECOND);
    expect(await wake(store, LATER + 10 * SECOND)).toMatchObject({ ready: 1 });
    expect(pickRunIds(await publishable(store))).toEqual([waiting.runId]);
    expect(only(await claim(store, [waiting], { token: "again", now: LATER + 10 * SECOND }))).toEqual(WAITING);
    expect((await readRun(store, waiting)).wakeAt).toBe(LATER + 30 * SECOND);
  },

  "how long it waits, and how soon it is published again, go by themselves": async ({ store }) => {
    const job = await addJob(store);
    const note = { repeatMs: MINUTE, repeatMsMax: HOUR };
    const publish = (run: DueRun, now: Instant) => store.dueRuns.published({ runs: [{ ...run, publishedAt: now }], now, ...note });
    await start(store, await addRun(store, job, { now: START, name: "holder" }), { now: LATER });
    const waiting = await addRun(store, job, { now: LATER, name: "waiting" });
    await publish(waiting, LATER);
    expect(only(await claim(store, [waiting], { token: "early", now: LATER }))).toEqual(WAITING);
    expect((await readRun(store, waiting)).wakeAt).toBe(LATER + 10 * SECOND);
    await wake(store, LATER + 10 * SECOND);
    await publish(waiting, LATER + 11 * SECOND);
    expect(await wake(store, LATER + 11 * SECOND)).toMatchObject({ ready: 0, nextWakeAt: LATER + 11 * SECOND + MINUTE });
    expect(only(await claim(store, [waiting], { token: "again", now: LATER + 12 * SECOND }))).toEqual(WAITING);
    expect((await readRun(store, waiting)).wakeAt).toBe(LATER + 32 * SECOND);
  },

  "of many that wait only the first is published again meanwhile": async ({ store }) => {
    const job = await addJob(store);
    const runs = await Promise.all(["a", "b", "c", "d"].map((name, index) => addRun(store, job, { now: START + index, name })));
    await claim(store, runs, { now: LATER });
    expect(await wake(store, LATER + 10 * SECOND)).toMatchObject({ ready: 1 });
    expect(pickRunIds(await publishable(store))).toEqual([runs[1]!.runId]);
    expect(only(await claim(store, [runs[1]!], { token: "again", now: LATER + 10 * SECOND }))).toEqual(WAITING);
    expect((await wake(store, LATER + 29 * SECOND)).ready).toBe(0);
    await end(store, { run: runs[0]!, token: "token-1", leaseMs: null, startedAt: LATER });
    expect(pickRunIds(await publishable(store))).toEqual([runs[1]!.runId]);
  },

  "a publication from before a run was put aside is not noted once it is ready again": async ({ store }) => {
    const job = await addJob(store);
    const held = await start(store, await addRun(store, job, { name: "holder" }), { now: LATER });
    const run = await addRun(store, job, { now: LATER, name: "waiting" });
    const published = { runId: run.runId, attempt: 1, publishedAt: LATER + 5 };
    expect(only(await claim(store, [run], { token: "early", now: LATER + 10 }))).toEqual(WAITING);
    await end(store, held, { now: LATER + 15 });
    const note = { now: LATER + 100, repeatMs: SECOND, repeatMsMax: SECOND };
    await store.dueRuns.published({ runs: [published], ...note });
    expect(pickRunIds(await publishable(store))).toEqual([run.runId]);
    await store.dueRuns.published({ runs: [{ ...published, publishedAt: LATER + 20 }], ...note });
    expect(await publishable(store)).toEqual([]);
  },

  "a waiting run that is cancelled does not end the row behind it": async ({ store }) => {
    const job = await addJob(store);
    const [a, b, c] = await Promise.all(["a", "b", "c"].map((name, index) => addRun(store, job, { now: START + index, name })));
    expect((await claim(store, [a!, b!, c!], { now: LATER })).map(({ kind }) => kind)).toEqual(["won", "waiting", "waiting"]);
    await end(store, { run: a!, token: "token-1", leaseMs: null, startedAt: LATER });
    await store.control.cancel(job.tenantId, { runId: b!.runId, now: LATER });
    expect(pickRunIds(await publishable(store))).toEqual([c!.runId]);
  },

  "a waiting run expires, and survives a restart": async ({ store, subject, reopen }) => {
    const job = await addJob(store, { definition: { overlap: "buffer_all", expireAfterMs: MINUTE } });
    await start(store, await addRun(store, job));
    const { run, outcome } = await claimLate(store, job, LATER);
    expect(outcome).toEqual(WAITING);
    const after = subject.reopen === undefined ? store : await reopen();
    expect(await readRun(after, run)).toMatchObject({ state: "due", reason: "overlap" });
    expect((await wake(after, LATER + MINUTE + 1)).ended).toMatchObject([{ runId: run.runId, state: "skipped", reason: "expired" }]);
  },
});
