import { expect } from "@jest/globals";
import type { CancelledBy } from "../../../domain/run/cancel.ts";
import { ERROR_STACK_MAX, runError } from "../../../domain/run/run-error.ts";
import { ALL_SLOTS } from "../../../domain/slot.ts";
import type { AttemptResult } from "../../../domain/run/settlement.ts";
import { editedJob, HOUR, MINUTE, SECOND, START } from "../../factories.ts";
import { newEntry, runIdOfEntry } from "../../factories-fire.ts";
import {
  addJob,
  addJobWithRun,
  addRun,
  changeJob,
  claim,
  deleteJob,
  end,
  fire,
  pickRunIds,
  readRun,
  retryIn,
  settle,
  start,
  unannounced,
  wake,
} from "../store-steps.ts";
import { defineContract } from "../store-subject.ts";

const LATER = START + SECOND;
const CLIENT = { address: "10.1.2.3", userAgent: "curl/8.5.0" };
const BY_CLIENT: CancelledBy = { kind: "api", ...CLIENT };
const BY_COMMAND: CancelledBy = { kind: "command", source: "billing", commandId: "command-1" };
const STACK = "Error: boom\n    at run (file:///handlers/nightly.ts:3:9)";
const ERROR = runError("handler_error", "boom", true);
const failedWith = (stack: string): AttemptResult => ({ kind: "failed", error: ERROR, stack });

/** What the history shows of a run besides its end. */
export const runRecordContract = defineContract("RunQueries: the record of a run", {
  "params are those it was made with, whatever became of its job": async ({ store }) => {
    const job = await addJob(store, { definition: { params: { name: "before" }, overlap: "allow" } });
    const before = await addRun(store, job, { name: "before" });
    const definition = { ...job.definition, params: { name: "its own", "a.b": { $c: [1] } } };
    const hash = await store.jobs.addDefinition("default", { jobUid: job.uid, definition });
    const entry = newEntry(job, { cause: "manual", key: "own", definitionHash: hash });
    await fire(store, { job, advance: null, entries: [entry] });
    const edited = await changeJob(store, job, editedJob(job, { params: { name: "after" } }));
    const after = await addRun(store, edited, { name: "after", now: LATER });
    await deleteJob(store, edited);
    const special = runIdOfEntry(job, entry);
    const params = await store.runs.params("default", [after.runId, before.runId, special, "0".repeat(26)]);
    expect(Object.fromEntries(params)).toEqual({
      [before.runId]: { name: "before" },
      [special]: { name: "its own", "a.b": { $c: [1] } },
      [after.runId]: { name: "after" },
    });
    expect([await store.runs.params("other", [before.runId]), await store.runs.params("default", [])]).toEqual([new Map(), new Map()]);
  },

  "params that cannot be read are left out": async ({ store, subject }) => {
    const bad = await addRun(store, await addJob(store, { id: "bad" }));
    const good = await addRun(store, await addJob(store, { id: "good" }));
    await subject.damage(store, { what: "no definition", of: bad.jobUid });
    expect([...(await store.runs.params("default", pickRunIds([bad, good]))).keys()]).toEqual([good.runId]);
  },

  "of a run that is cancelled: who asked first, and when": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const [due, running, finished] = [
      await addRun(store, job, { name: "a" }),
      await addRun(store, job, { name: "b" }),
      await addRun(store, job, { name: "c" }),
    ];
    await store.control.cancel("default", { runId: due.runId, now: LATER, by: BY_COMMAND });
    expect(await readRun(store, due)).toMatchObject({ state: "cancelled", cancel: { requestedAt: LATER, by: BY_COMMAND } });
    const held = await start(store, running);
    await store.control.cancel("default", { runId: running.runId, now: LATER, by: BY_CLIENT });
    const again = await store.control.cancel("default", { runId: running.runId, now: LATER + SECOND, by: BY_COMMAND });
    expect([again, await readRun(store, running)]).toMatchObject([
      { kind: "requested" },
      { cancel: { requestedAt: LATER, by: BY_CLIENT } },
    ]);
    await end(store, held, { result: { kind: "cancelled" }, now: LATER + MINUTE });
    expect(await readRun(store, running)).toMatchObject({ state: "cancelled", cancel: { requestedAt: LATER, by: BY_CLIENT } });
    await end(store, await start(store, finished, { token: "finished" }));
    await store.control.cancel("default", { runId: finished.runId, now: LATER, by: BY_CLIENT });
    expect((await readRun(store, finished)).cancel).toBeNull();
  },

  "a run that waits for its retry, and one whose cancel request names no source": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    await settle(store, await start(store, run), { result: retryIn(MINUTE) });
    await store.control.cancel("default", { runId: run.runId, now: LATER });
    const by = { kind: "api", address: null, userAgent: null };
    expect(await readRun(store, run)).toMatchObject({ state: "cancelled", reason: "cancelled", cancel: { requestedAt: LATER, by } });
  },

  "runs that are cancelled with their job name the edit or the deletion, and who made it": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const [edited, deleted, swept] = [
      await addRun(store, job, { name: "edited" }),
      await addJobWithRun(store, { id: "deleted" }),
      await addJobWithRun(store, { id: "swept" }),
    ];
    const keeping = { queue: "other", handler: "other" };
    await store.control.cancelOpen("default", { jobUid: job.uid, reason: "job_edited", client: CLIENT, keeping, now: LATER, limit: 10 });
    await store.control.cancelOpen("default", { jobUid: deleted.job.uid, client: CLIENT, now: LATER, limit: 10 });
    await store.control.cancelOpen("default", { jobUid: swept.job.uid, now: LATER, limit: 10 });
    expect(await Promise.all([edited, deleted.run, swept.run].map(async (run) => (await readRun(store, run)).cancel))).toEqual([
      { requestedAt: LATER, by: { kind: "job_edited", ...CLIENT } },
      { requestedAt: LATER, by: { kind: "job_deleted", ...CLIENT } },
      { requestedAt: LATER, by: { kind: "job_deleted", address: null, userAgent: null } },
    ]);
  },

  "a run that is cancelled for another names it, however many want it": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "cancel_running" } });
    const holder = await addRun(store, job);
    await start(store, holder);
    const [first, second] = [
      await addRun(store, job, { name: "first", now: LATER }),
      await addRun(store, job, { name: "second", now: LATER + 1 }),
    ];
    await claim(store, [first], { token: "first", now: LATER });
    await claim(store, [second], { token: "second", now: LATER + SECOND });
    expect(await readRun(store, holder)).toMatchObject({
      cancelRequested: true,
      cancel: { requestedAt: LATER, by: { kind: "overlap", runId: first.runId } },
    });
    expect((await readRun(store, first)).cancel).toBeNull();
  },

  "the stack of what a handler threw stands with its attempt and nowhere else": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    await settle(store, await start(store, run), { result: { kind: "retry", error: ERROR, stack: STACK, retryDelayMs: SECOND } });
    expect(await readRun(store, run)).toMatchObject({ state: "retrying", attempts: [{ error: { ...ERROR, stack: STACK } }] });
    expect((await readRun(store, run)).error).toEqual(ERROR);
    await wake(store, START + MINUTE);
    const again = await start(store, { ...run, attempt: 2, failures: 1, firstStartedAt: START }, { token: "again", now: START + MINUTE });
    const ended = await end(store, again, { result: failedWith("x".repeat(ERROR_STACK_MAX + 1)), now: START + MINUTE });
    const { attempts, error } = await readRun(store, run);
    expect([ended.error, error, (await unannounced(store))[0]?.error]).toEqual([ERROR, ERROR, ERROR]);
    expect((await store.status.standing([run.runId]))[0]?.lastRun.error).toEqual(ERROR);
    expect(attempts.map((attempt) => attempt.error?.stack)).toEqual([STACK, `${"x".repeat(ERROR_STACK_MAX - 1)}…`]);
  },

  "a stack is kept when the run is cancelled instead of tried again, and where there is none there is no field": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const [cancelled, plain] = [await addRun(store, job, { name: "a" }), await addRun(store, job, { name: "b" })];
    const held = await start(store, cancelled);
    await store.control.cancel("default", { runId: cancelled.runId, now: START });
    await settle(store, held, { result: { kind: "retry", error: ERROR, stack: STACK, retryDelayMs: SECOND } });
    expect(await readRun(store, cancelled)).toMatchObject({ state: "cancelled", attempts: [{ state: "failed", error: { stack: STACK } }] });
    await end(store, await start(store, plain, { token: "plain" }), { result: { kind: "failed", error: ERROR, stack: null } });
    expect((await readRun(store, plain)).attempts.map(({ error }) => error)).toEqual([ERROR]);
  },

  "a run that failed in no attempt and waited too long for the next one has an error": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    await settle(store, await start(store, run), { result: { kind: "released" } });
    const [closed] = await store.dueRuns.closeWaiting({ shard: ALL_SLOTS, dueBefore: START + HOUR, now: START + HOUR, limit: 10 });
    expect(closed).toMatchObject({ state: "failed", reason: "retention", error: { code: "waited_too_long", retryable: false } });
    expect((await readRun(store, run)).error).toEqual(closed?.error);
  },
});
