import { expect } from "@jest/globals";
import { ATTEMPTS_KEPT_MAX } from "../../../domain/run/run.ts";
import type { AttemptResult } from "../../../domain/run/settlement.ts";
import { MINUTE, SECOND, START } from "../../factories.ts";
import {
  addJob,
  addJobWithRun,
  addRuns,
  claim,
  countKind,
  end,
  FAILURE,
  only,
  publishable,
  race,
  readRun,
  retryIn,
  settle,
  start,
  SUCCESS,
  unannounced,
  wake,
} from "../store-steps.ts";
import { defineContract } from "../store-subject.ts";

const cancelledKinds: readonly AttemptResult[] = [retryIn(SECOND), { kind: "released" }, { kind: "cancelled" }];

/** Outcomes of attempts, and what a run stores of them. */
export const settleContract = defineContract("RunClaims.settle", {
  "a success ends the run with its output": async ({ store }) => {
    const { job, run } = await addJobWithRun(store);
    const held = await start(store, run, { now: START + SECOND, executor: "executor-7" });
    const output = { list: [1, { deep: null }], text: "ünï" };
    const ended = await end(store, held, { result: { kind: "succeeded", output }, now: START + 3 * SECOND });
    expect(ended).toEqual({
      tenantId: "default",
      runId: run.runId,
      jobUid: job.uid,
      jobId: job.id,
      jobVersion: 1,
      queue: "default",
      priority: 5,
      handler: "http",
      cause: "manual",
      scheduledFor: START,
      count: 1,
      scheduledForLast: null,
      attempt: 1,
      state: "succeeded",
      reason: null,
      startedAt: START + SECOND,
      finishedAt: START + 3 * SECOND,
      output,
      error: null,
    });
    expect(await readRun(store, run)).toMatchObject({
      state: "succeeded",
      output,
      error: null,
      wakeAt: null,
      finishedAt: START + 3 * SECOND,
      attempts: [
        { attempt: 1, state: "succeeded", startedAt: START + SECOND, finishedAt: START + 3 * SECOND, executor: "executor-7", error: null },
      ],
    });
    expect(await unannounced(store)).toEqual([ended]);
  },

  "any JSON is an output": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    for (const [index, output] of [null, 0, "", false, [], {}, [[null]]].entries()) {
      const run = only(await addRuns(store, job, { name: `run-${index}` }));
      expect((await end(store, await start(store, run), { result: { kind: "succeeded", output } })).output).toEqual(output);
      expect((await readRun(store, run)).output).toEqual(output);
    }
  },

  "a failure ends the run with its error": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    const error = { code: "http_status", message: "500", retryable: true };
    const ended = await end(store, await start(store, run), { result: FAILURE });
    expect(ended).toMatchObject({ state: "failed", error, output: null });
    expect(await readRun(store, run)).toMatchObject({ state: "failed", error, output: null, attempts: [{ state: "failed", error }] });
  },

  "a cancelled attempt ends the run": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    expect(await end(store, await start(store, run), { result: { kind: "cancelled" } })).toMatchObject({
      state: "cancelled",
      output: null,
    });
    expect(await readRun(store, run)).toMatchObject({ state: "cancelled", attempts: [{ state: "cancelled" }] });
  },

  "a failure that may be tried again waits for its delay, and counts as a failure": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    const held = await start(store, run);
    expect(await settle(store, held, { result: retryIn(MINUTE), now: START + SECOND })).toEqual({
      kind: "retrying",
      retryAt: START + SECOND + MINUTE,
    });
    expect(await readRun(store, run)).toMatchObject({
      state: "retrying",
      attempt: 1,
      finishedAt: null,
      wakeAt: START + SECOND + MINUTE,
      attempts: [{ attempt: 1, state: "failed", finishedAt: START + SECOND, error: { code: "http_status", message: "503" } }],
    });
    expect(await publishable(store)).toEqual([]);
    expect(await unannounced(store)).toEqual([]);
  },

  "a released run is due again at once with the next attempt, and no failure is counted": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    expect(await settle(store, await start(store, run), { result: { kind: "released" }, now: START + SECOND })).toEqual({
      kind: "released",
    });
    expect(await publishable(store)).toEqual([{ ...run, attempt: 2, firstStartedAt: START }]);
    expect(await readRun(store, run)).toMatchObject({
      state: "due",
      attempt: 2,
      attempts: [{ attempt: 1, state: "released", finishedAt: START + SECOND }],
    });
  },

  "failures are counted over all attempts; releases are not among them": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    let [current, now] = [run, START];
    for (const [index, result] of [retryIn(SECOND), { kind: "released" } as const, retryIn(SECOND)].entries()) {
      await settle(store, await start(store, current, { token: `token-${index}`, now }), { result, now });
      now += SECOND;
      await wake(store, now);
      current = only(await publishable(store));
    }
    expect(current).toMatchObject({ attempt: 4, failures: 2, rescues: 0, firstStartedAt: START });
    const ended = await end(store, await start(store, current, { token: "last", now }), { now });
    expect(ended).toMatchObject({ attempt: 4, state: "succeeded", error: null, startedAt: now });
    const stored = await readRun(store, run);
    expect(stored).toMatchObject({ firstStartedAt: START, startedAt: now, error: null });
    expect(stored.attempts.map(({ attempt, state }) => `${attempt} ${state}`)).toEqual([
      "1 failed",
      "2 released",
      "3 failed",
      "4 succeeded",
    ]);
  },

  "of many attempts the latest are kept": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    const attempts = ATTEMPTS_KEPT_MAX + 5;
    for (let attempt = 1; attempt < attempts; attempt += 1) {
      await settle(store, await start(store, { ...run, attempt }, { token: `token-${attempt}` }), { result: { kind: "released" } });
    }
    await end(store, await start(store, { ...run, attempt: attempts }, { token: "last" }));
    const stored = await readRun(store, run);
    expect(stored.attempt).toBe(attempts);
    expect(stored.attempts.map(({ attempt }) => attempt)).toEqual(Array.from({ length: ATTEMPTS_KEPT_MAX }, (_, index) => index + 6));
  },

  "a result under another token is refused, and changes nothing": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    const held = await start(store, run);
    expect(await settle(store, { ...held, token: "forged" }, { result: SUCCESS })).toEqual({ kind: "stale" });
    expect(await settle(store, { ...held, run: { ...run, runId: "0".repeat(26) } }, { result: SUCCESS })).toEqual({ kind: "stale" });
    expect((await readRun(store, run)).state).toBe("running");
    expect((await end(store, held)).state).toBe("succeeded");
  },

  "an unclaimed run cannot be settled": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    for (const token of ["token-1", ""]) {
      expect(await settle(store, { run, token, leaseMs: null, startedAt: START }, { result: SUCCESS })).toEqual({ kind: "stale" });
    }
    expect(await publishable(store)).toEqual([run]);
  },

  "the token of an earlier attempt is stale once another has the run": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    const first = await start(store, run, { token: "first" });
    await settle(store, first, { result: { kind: "released" } });
    const second = await start(store, { ...run, attempt: 2 }, { token: "second" });
    expect((await settle(store, first, { result: SUCCESS })).kind).not.toBe("ended");
    expect(await readRun(store, run)).toMatchObject({ state: "running", attempt: 2, output: null });
    expect((await end(store, second)).attempt).toBe(2);
    expect(await settle(store, first, { result: FAILURE })).toEqual({ kind: "stale" });
    expect((await readRun(store, run)).state).toBe("succeeded");
  },

  "repeating a settlement that was applied answers as the first time": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const results: readonly AttemptResult[] = [SUCCESS, FAILURE, { kind: "cancelled" }, retryIn(MINUTE), { kind: "released" }];
    const runs = await addRuns(store, job, { count: results.length });
    for (const [index, result] of results.entries()) {
      const held = await start(store, runs[index]!, { token: `token-${index}` });
      const settlements = [{ runId: held.run.runId, token: held.token, result, finishedAt: START + SECOND }];
      const [first] = await store.claims.settle({ settlements, now: START + SECOND });
      const after = await readRun(store, held.run);
      const [second] = await store.claims.settle({ settlements, now: START + MINUTE });
      expect(second).toEqual(first);
      expect(await readRun(store, held.run)).toEqual(after);
    }
    expect(await publishable(store)).toMatchObject([{ attempt: 2, failures: 0 }]);
    await wake(store, START + SECOND + MINUTE);
    expect(await publishable(store)).toEqual(expect.arrayContaining([expect.objectContaining({ attempt: 2, failures: 1 })]));
  },

  "what is settled again with another result answers with the first, output and all": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    const held = await start(store, run);
    const ended = await end(store, held);
    expect(await end(store, held, { result: { kind: "succeeded", output: "another" }, now: START + SECOND })).toEqual(ended);
    expect(await end(store, held, { result: FAILURE, now: START + SECOND })).toEqual(ended);
    expect((await readRun(store, run)).output).toEqual(ended.output);
  },

  "repeating it after the end was announced announces nothing anew": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    const held = await start(store, run);
    const ended = await end(store, held);
    await store.announcements.announced([run.runId]);
    expect(await end(store, held)).toEqual(ended);
    expect(await unannounced(store)).toEqual([]);
  },

  "with a cancel flag a retry and a release close as cancelled": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    for (const [index, result] of cancelledKinds.entries()) {
      const held = await start(store, only(await addRuns(store, job, { name: `run-${index}` })), { token: `token-${index}` });
      await store.control.cancel(job.tenantId, { runId: held.run.runId, now: START });
      const ended = await end(store, held, { result });
      expect(ended.state).toBe("cancelled");
      expect(await end(store, held, { result })).toEqual(ended);
    }
    expect(await unannounced(store)).toHaveLength(cancelledKinds.length);
    expect(await publishable(store)).toEqual([]);
  },

  "a cancel flag does not change an end that was reached": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    for (const [result, state] of [
      [SUCCESS, "succeeded"],
      [FAILURE, "failed"],
    ] as const) {
      const held = await start(store, only(await addRuns(store, job, { name: state })), { token: state });
      await store.control.cancel(job.tenantId, { runId: held.run.runId, now: START });
      expect((await end(store, held, { result })).state).toBe(state);
    }
  },

  "outcomes stand in the order of the settlements": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const runs = await addRuns(store, job, { count: 4 });
    await claim(store, runs.slice(0, 3));
    const results = [SUCCESS, { kind: "released" } as const, retryIn(SECOND), SUCCESS];
    const settlements = runs.map(({ runId }, index) => ({ runId, token: "token-1", result: results[index]!, finishedAt: START })).reverse();
    const outcomes = await store.claims.settle({ settlements, now: START });
    expect(outcomes.map(({ kind }) => kind)).toEqual(["stale", "retrying", "released", "ended"]);
    expect(await store.claims.settle({ settlements: [], now: START })).toEqual([]);
  },

  "of many who settle one attempt at once exactly one result stands": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    const held = await start(store, run);
    const outcomes = await race((racer) =>
      settle(store, racer % 2 === 0 ? held : { ...held, token: `forged-${racer}` }, { result: racer % 4 === 0 ? SUCCESS : FAILURE }),
    );
    for (const [racer, { kind }] of outcomes.entries()) if (racer % 2 === 1) expect(kind).toBe("stale");
    expect(countKind(outcomes, "ended")).toBeGreaterThan(0);
    const stored = await readRun(store, run);
    expect(stored.attempts).toHaveLength(1);
    for (const outcome of outcomes) if (outcome.kind === "ended") expect(outcome.run.state).toBe(stored.state);
  },
});
