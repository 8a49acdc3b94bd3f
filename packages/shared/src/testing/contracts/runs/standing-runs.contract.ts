import { expect } from "@jest/globals";
import type { DueRun } from "../../../domain/run/due-run.ts";
import type { StatusChange } from "../../../domain/job/status-change.ts";
import type { AttemptHolder } from "../../../ports/runs/run-claims.ts";
import type { RunControl } from "../../../ports/runs/run-control.ts";
import type { Store } from "../../../ports/store/store.ts";
import { MINUTE, SECOND, START } from "../../factories.ts";
import {
  addJob,
  addRun,
  addRuns,
  claim,
  end,
  toStatusChanges,
  FAILURE,
  pickRunIds,
  LEASE_MS,
  only,
  readJob,
  retryIn,
  settle,
  start,
  wake,
} from "../store-steps.ts";
import { defineContract } from "../store-subject.ts";

const RETRY = retryIn(5 * SECOND);

const readHolder = async (store: Store, { runId }: DueRun): Promise<Omit<AttemptHolder, "runId">> => {
  const { runId: _, ...holder } = only(await store.claims.holders([runId]));
  return holder;
};
const readStanding = async (store: Store, { runId }: DueRun): Promise<StatusChange["lastRun"] | null> => {
  const [change, ...more] = await store.status.standing([runId]);
  expect(more).toEqual([]);
  return change?.lastRun ?? null;
};
const cancel = (store: Store, { tenantId, runId }: DueRun): ReturnType<RunControl["cancel"]> =>
  store.control.cancel(tenantId, { runId, now: START + MINUTE });

/** Reads for consumers that received runs from an untrusted source. */
export const standingRunsContract = defineContract("runs as they stand", {
  "whose attempt it is, from the fire to the end": async ({ store }) => {
    const run = await addRun(store, await addJob(store));
    expect(await readHolder(store, run)).toEqual({ attempt: 1, state: "due", executor: null });
    const held = await start(store, run, { executor: "python-1" });
    expect(await readHolder(store, run)).toEqual({ attempt: 1, state: "running", executor: "python-1" });
    await settle(store, held, { result: RETRY });
    expect(await readHolder(store, run)).toEqual({ attempt: 1, state: "retrying", executor: null });
    await wake(store, START + 5 * SECOND);
    expect(await readHolder(store, run)).toEqual({ attempt: 2, state: "due", executor: null });
    const again = await start(store, { ...run, attempt: 2, failures: 1 }, { executor: "python-2", token: "token-2" });
    expect(await readHolder(store, run)).toEqual({ attempt: 2, state: "running", executor: "python-2" });
    await end(store, again);
    expect(await store.claims.holders([run.runId])).toEqual([]);
  },

  "whose they are, of those that are asked for, each once": async ({ store }) => {
    const runs = await addRuns(store, await addJob(store, { definition: { overlap: "allow" } }), { count: 3 });
    await claim(store, [runs[0]!], { executor: "executor-1" });
    await end(store, await start(store, runs[2]!, { token: "token-2" }));
    const found = await store.claims.holders([...pickRunIds(runs), ...pickRunIds(runs), "06FQT3ESR8XC6PZ6H52QZ3J4NK", "no id at all"]);
    expect(found.toSorted((left, right) => (left.state < right.state ? -1 : 1))).toEqual([
      { runId: runs[1]!.runId, attempt: 1, state: "due", executor: null },
      { runId: runs[0]!.runId, attempt: 1, state: "running", executor: "executor-1" },
    ]);
    expect(await store.claims.holders([])).toEqual([]);
  },

  "the last run of jobs is what their status shows": async ({ store }) => {
    const [one, two] = [await addJob(store, { id: "job-1" }), await addJob(store, { id: "job-2" })];
    expect(await store.claims.lastRuns([one.uid, two.uid])).toEqual(new Map());
    const ended = await end(store, await start(store, await addRun(store, one)));
    await store.status.apply(toStatusChanges([ended]));
    const { lastRun } = await readJob(store, one);
    expect(lastRun).toMatchObject({ runId: ended.runId, state: "succeeded" });
    expect(await store.claims.lastRuns([one.uid, two.uid, one.uid, "unknown"])).toEqual(new Map([[one.uid, lastRun]]));
    expect(await store.claims.lastRuns([])).toEqual(new Map());
  },

  "what a run says of its job's status, from the fire to the end": async ({ store }) => {
    const run = await addRun(store, await addJob(store));
    expect(await readStanding(store, run)).toBeNull();
    const about = { runId: run.runId, scheduledFor: run.scheduledFor };
    const held = await start(store, run, { now: START + 1 });
    expect(await readStanding(store, run)).toEqual({
      ...about,
      state: "running",
      attempt: 1,
      startedAt: START + 1,
      finishedAt: null,
      error: null,
    });
    await settle(store, held, { result: RETRY, now: START + 2 });
    const { error } = RETRY as { error: object };
    expect(await readStanding(store, run)).toEqual({
      ...about,
      state: "retrying",
      attempt: 1,
      startedAt: START + 1,
      finishedAt: START + 2,
      error,
    });
    await wake(store, START + 6 * SECOND);
    expect(await readStanding(store, run)).toBeNull();
    const again = await start(store, { ...run, attempt: 2, failures: 1 }, { now: START + 7 * SECOND, token: "token-2" });
    expect(await readStanding(store, run)).toMatchObject({ state: "running", attempt: 2, startedAt: START + 7 * SECOND, error: null });
    const ended = await end(store, again, { result: FAILURE, now: START + 8 * SECOND });
    expect(await store.status.standing([run.runId])).toEqual(toStatusChanges([ended]));
    expect(ended).toMatchObject({ state: "failed", finishedAt: START + 8 * SECOND });
  },

  "a run that was cancelled before it started says so; one that was skipped says nothing": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow", expireAfterMs: LEASE_MS } });
    const [cancelled, expired] = await addRuns(store, job, { count: 2 });
    await cancel(store, cancelled!);
    await wake(store, START + MINUTE);
    expect(await readStanding(store, cancelled!)).toMatchObject({ state: "cancelled", startedAt: null });
    expect(await readStanding(store, expired!)).toBeNull();
  },

  "what runs say is said of those that are known, each once, with whose they are": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const runs = await addRuns(store, job, { count: 2 });
    const ended = await Promise.all(runs.map(async (run, index) => end(store, await start(store, run, { token: `t-${index}` }))));
    const found = await store.status.standing([...pickRunIds(runs), ...pickRunIds(runs), "06FQT3ESR8XC6PZ6H52QZ3J4NK", "no id at all"]);
    const sorted = (changes: readonly StatusChange[]) => changes.toSorted((a, b) => (a.lastRun.runId < b.lastRun.runId ? -1 : 1));
    expect(sorted(found)).toEqual(sorted(toStatusChanges(ended)));
    expect(found[0]).toMatchObject({ tenantId: job.tenantId, jobUid: job.uid });
    expect(await store.status.standing([])).toEqual([]);
  },
});
