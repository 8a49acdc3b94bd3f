import { describe, expect, test } from "@jest/globals";
import { AppError } from "@tickline/shared/domain/app-error";
import { toIso } from "@tickline/shared/domain/time/instant";
import { SECOND, START } from "@tickline/shared/testing/factories";
import type { ClaimedRunView } from "./claimed-run-view.ts";
import { queuesUnderTest, type QueuesUnderTest } from "./queues.test-support.ts";

const RETRY = { delayMs: SECOND, backoff: "fixed", jitter: "none" };

/** A job with a run that `worker-1` has. */
async function startRun(at: QueuesUnderTest, job: object = {}, claim: object = {}): Promise<ClaimedRunView> {
  await at.put("hello", { retry: RETRY, ...job });
  await at.due("hello");
  return (await at.claim(claim))[0] as ClaimedRunView;
}

describe("a heartbeat", () => {
  test("renews the lease for as long as the claim said", async () => {
    await using at = await queuesUnderTest();
    const run = await startRun(at, {}, { leaseMs: 5_000 });
    at.clock.advance(4_000);
    expect(await at.heartbeat(run)).toEqual([{ runId: run.runId, held: true, stop: null, leaseEndsAt: toIso(START + 9_000) }]);
    at.clock.advance(4_999);
    expect(await at.rescueEnded()).toBe(0);
    at.clock.advance(1);
    expect(await at.rescueEnded()).toBe(1);
  });

  test("says which attempts have to end, and which the executor does not have", async () => {
    await using at = await queuesUnderTest();
    const run = await startRun(at);
    await at.call(`POST /runs/${run.runId}/cancel`);
    const unknown = { ...run, runId: "01KDR4Y7Z0000000000000000A" };
    const forged = { ...run, token: "report/1/worker-1" };
    expect(await at.heartbeat(unknown, run, forged)).toMatchObject([
      { runId: unknown.runId, held: false, stop: "lease_lost" },
      { runId: run.runId, held: true, stop: "cancelled" },
      { runId: run.runId, held: false, stop: "lease_lost" },
    ]);
  });

  test("asks for the end of an attempt that is over its time, and fails one that does not end", async () => {
    await using at = await queuesUnderTest();
    const run = await startRun(at, { timeoutMs: 60_000 });
    const at60 = async (ms: number) => {
      at.clock.advance(ms);
      return (await at.heartbeat(run))[0];
    };
    expect(await at60(59_999)).toMatchObject({ held: true, stop: null });
    expect(await at60(1)).toMatchObject({ held: true, stop: "timeout" });
    expect(await at60(9_999)).toMatchObject({ held: true, stop: "timeout" });
    expect(await at60(1)).toMatchObject({ held: false, stop: "timeout", leaseEndsAt: null });
    expect(await at.readRun(run.runId)).toMatchObject({
      state: "retrying",
      attempts: [{ state: "failed", error: { code: "timeout", message: "the attempt ran longer than 60000 ms" } }],
    });
    expect(await at.settle(run, { state: "succeeded" })).toMatchObject({ result: "settled", state: "retrying" }); // As it was settled first.
  });

  test("a success that comes after the time is one: its work is done", async () => {
    await using at = await queuesUnderTest();
    const run = await startRun(at, { timeoutMs: 60_000 });
    at.clock.advance(65_000);
    expect(await at.settle(run, { state: "succeeded" })).toMatchObject({ result: "settled", state: "succeeded" });
  });
});

describe("a settlement", () => {
  test("ends the run with its output, and all others are told", async () => {
    await using at = await queuesUnderTest();
    const run = await startRun(at);
    expect(await at.settle(run, { state: "succeeded", output: { rows: 12 } })).toEqual({
      runId: run.runId,
      result: "settled",
      state: "succeeded",
      retryAt: null,
      detail: null,
    });
    expect(await at.readRun(run.runId)).toMatchObject({ state: "succeeded", output: { rows: 12 } });
    expect(await at.told("JobCompleted")).toMatchObject([{ data: { runId: run.runId, state: "succeeded", output: { rows: 12 } } }]);
    const unannounced = await at.store.announcements.unannounced({ shard: { from: 0, to: 1024 }, endedBefore: START + SECOND, limit: 10 });
    expect(unannounced).toEqual([]);
  });

  test("is safe to repeat: every repeat is answered as the first, whatever it says", async () => {
    await using at = await queuesUnderTest();
    const run = await startRun(at);
    const first = await at.settle(run, { state: "succeeded", output: 1 });
    expect(await at.settle(run, { state: "succeeded", output: 1 })).toEqual(first);
    expect(await at.settle(run, { state: "failed", error: { message: "no" } })).toEqual(first);
    expect((await at.readRun(run.runId)).output).toBe(1);
  });

  test("a failure is retried by the policy of the job, with its error in the history", async () => {
    await using at = await queuesUnderTest();
    const run = await startRun(at);
    const error = { code: "KeyError", message: "no such key", stack: "line 7" };
    const settled = { result: "settled", state: "retrying", retryAt: toIso(START + SECOND) };
    expect(await at.settle(run, { state: "failed", error })).toMatchObject(settled);
    expect(await at.settle(run, { state: "failed", error })).toMatchObject(settled);
    expect(await at.told("JobRetrying")).toMatchObject([
      { data: { runId: run.runId, attempt: 1, startedAt: START, retryAt: START + SECOND, error: { code: "KeyError" } } },
      { data: { runId: run.runId, attempt: 1 } },
    ]);
    expect((await at.readRun(run.runId)).attempts).toMatchObject([{ state: "failed", error: { ...error, retryable: true } }]);
    at.clock.advance(SECOND);
    await at.wake();
    const [second] = await at.claim();
    expect(second).toMatchObject({ runId: run.runId, attempt: 2, failures: 1 });
    expect(await at.settle(run, { state: "succeeded" })).toMatchObject({ result: "stale" });
    expect(await at.settle(second as ClaimedRunView, { state: "failed", error: { message: "again", retryable: false } })).toMatchObject({
      result: "settled",
      state: "failed",
    });
    expect(await at.readRun(run.runId)).toMatchObject({ state: "failed", attempt: 2, error: { code: "executor_error", message: "again" } });
  });

  test("a longer delay that the executor asks for is kept", async () => {
    await using at = await queuesUnderTest();
    const run = await startRun(at);
    expect(await at.settle(run, { state: "failed", error: { message: "busy" }, retryAfterMs: 90_000 })).toMatchObject({
      retryAt: toIso(START + 90_000),
    });
  });

  test("an attempt that is given back is due again at once, and the scheduler is told", async () => {
    await using at = await queuesUnderTest();
    const run = await startRun(at);
    expect(await at.settle(run, { state: "released" })).toMatchObject({ result: "settled", state: "due" });
    expect(await at.told("RunsReady")).toContainEqual(expect.objectContaining({ data: { queues: ["python"] } }));
    expect(await at.claim()).toMatchObject([{ runId: run.runId, attempt: 2, failures: 0 }]);
  });

  test("of a run whose cancel was requested, a failure that would be retried is its cancel", async () => {
    await using at = await queuesUnderTest();
    const run = await startRun(at);
    await at.call(`POST /runs/${run.runId}/cancel`);
    expect(await at.settle(run, { state: "failed", error: { message: "interrupted" } })).toMatchObject({
      result: "settled",
      state: "cancelled",
    });
  });

  test("settles many, each with its own outcome, in the order of the request", async () => {
    await using at = await queuesUnderTest();
    for (const id of ["a", "b", "c"]) await at.put(id, { retry: { maxAttempts: 1 } });
    for (const id of ["a", "b", "c"]) await at.due(id);
    const [a, b, c] = (await at.claim({ limit: 3 })) as [ClaimedRunView, ClaimedRunView, ClaimedRunView];
    const runs = [
      { runId: b.runId, token: b.token, state: "failed", error: { message: "no" } },
      { runId: a.runId, token: "report/1/worker-1", state: "succeeded" },
      { runId: c.runId, token: a.token, state: "succeeded" },
      { runId: a.runId, token: a.token, state: "succeeded" },
      { runId: "01KDR4Y7Z0000000000000000A", token: a.token, state: "succeeded" },
    ];
    expect((await at.ask("settle", { runs })).body.runs).toMatchObject([
      { runId: b.runId, result: "settled", state: "failed" },
      { runId: a.runId, result: "stale" },
      { runId: c.runId, result: "settled" }, // One claim has one token for runs of one timeout.
      { runId: a.runId, result: "settled", state: "succeeded" },
      { result: "stale" },
    ]);
  });

  test("a token that no claim has made settles nothing: those of foreign executors on Kafka can be guessed", async () => {
    await using at = await queuesUnderTest();
    await at.put("hello");
    const runId = await at.due("hello");
    const [run] = await at.store.claims.read([runId]);
    const claimant = { executor: "kafka-1", token: "report/1/kafka-1", leaseMs: 60_000 };
    await at.store.claims.claim({ runs: [run as never], claimant, now: START, firedAfter: 0 });
    expect(await at.settle({ runId, token: claimant.token }, { state: "succeeded" })).toMatchObject({ result: "stale" });
    expect((await at.readRun(runId)).state).toBe("running");
  });

  test("a result that the store refuses keeps none of the others back", async () => {
    let bad = "";
    await using at = await queuesUnderTest({
      wrapStore: (store) => ({
        ...store,
        claims: {
          ...store.claims,
          settle: async (request) => {
            if (request.settlements.some(({ runId }) => runId === bad)) throw new TypeError("a row that cannot be written");
            return store.claims.settle(request);
          },
        },
      }),
    });
    for (const id of ["a", "b"]) await at.put(id);
    bad = await at.due("a");
    at.clock.advance(1);
    await at.due("b");
    const claimed = await at.claim({ limit: 2 });
    const runs = claimed.map(({ runId, token }) => ({ runId, token, state: "succeeded" }));
    const { status, body } = await at.ask("settle", { runs });
    expect([status, body.runs]).toMatchObject([
      200,
      [{ runId: bad, result: "refused", detail: expect.any(String) }, { result: "settled" }],
    ]);
  });

  test("while the store is unavailable the request is refused, to be repeated", async () => {
    const faults = { before: null as null | (() => void) };
    await using at = await queuesUnderTest({
      wrapStore: (store) => ({
        ...store,
        claims: {
          ...store.claims,
          settle: async (request) => {
            faults.before?.();
            return store.claims.settle(request);
          },
        },
      }),
    });
    const run = await startRun(at);
    faults.before = () => {
      throw new AppError("store_unavailable", "the store does not answer", { retryable: true });
    };
    const body = { runs: [{ runId: run.runId, token: run.token, state: "succeeded" }] };
    expect(await at.ask("settle", body)).toMatchObject({ status: 503, body: { code: "store_unavailable" } });
    faults.before = null;
    expect(await at.ask("settle", body)).toMatchObject({ status: 200, body: { runs: [{ result: "settled", state: "succeeded" }] } });
  });
});
