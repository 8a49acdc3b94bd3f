import { describe, expect, test } from "@jest/globals";
import { HOUR, SECOND, START } from "@tickline/shared/testing/factories";
import { toIso } from "@tickline/shared/domain/time/instant";
import { queuesUnderTest } from "./queues.test-support.ts";

describe("a claim", () => {
  test("gets a run with everything that its executor needs", async () => {
    await using at = await queuesUnderTest();
    await at.put("hello", { timeoutMs: 60_000, priority: 7 });
    const runId = await at.due("hello", { who: "you" });
    at.clock.advance(5);
    const [run, ...more] = await at.claim();
    expect(more).toEqual([]);
    expect(run).toEqual({
      runId,
      token: expect.stringMatching(/^http\//),
      jobId: "hello",
      jobVersion: 1,
      queue: "python",
      handler: "greet",
      params: { who: "you" },
      cause: "manual",
      priority: 7,
      scheduledFor: toIso(START),
      attempt: 1,
      failures: 0,
      startedAt: toIso(START + 5),
      timeoutMs: 60_000,
      timeoutAt: toIso(START + 5 + 60_000),
      leaseMs: 30_000,
      leaseEndsAt: toIso(START + 5 + 30_000),
      workersMax: null,
      lastRun: null,
      fence: { scheduledFor: toIso(START), attempt: 1 },
      idempotencyKey: runId,
    });
    expect(await at.readRun(runId)).toMatchObject({ state: "running", attempts: [{ attempt: 1, state: "running", executor: "worker-1" }] });
    expect(await at.told("JobStarted")).toMatchObject([{ data: { runId, attempt: 1, executor: "worker-1" } }]);
  });

  test("gets runs of the highest priority first, as many as it asks for, and each once", async () => {
    await using at = await queuesUnderTest();
    for (const priority of [1, 9, 5]) await at.put(`of-${priority}`, { priority });
    for (const priority of [1, 9, 5]) await at.due(`of-${priority}`);
    expect((await at.claim({ limit: 2 })).map(({ jobId }) => jobId)).toEqual(["of-9", "of-5"]);
    expect((await at.claim({ limit: 2 })).map(({ jobId }) => jobId)).toEqual(["of-1"]);
    expect(await at.claim({ limit: 2 })).toEqual([]);
  });

  test("gets runs that the scheduler has published, and those that it has not", async () => {
    await using at = await queuesUnderTest();
    for (const id of ["a", "b"]) await at.put(id);
    const runs = [await at.due("a")];
    at.clock.advance(1);
    runs.push(await at.due("b"));
    const published = [{ runId: runs[0] ?? "", attempt: 1 }];
    await at.store.dueRuns.published({ runs: published, now: START, repeatMs: SECOND, repeatMsMax: SECOND });
    expect((await at.claim({ limit: 10 })).map(({ runId }) => runId)).toEqual(runs);
  });

  test("gets runs of its handlers alone", async () => {
    await using at = await queuesUnderTest();
    await at.put("hello");
    await at.put("ball", { handler: "dance" });
    await at.due("hello");
    await at.due("ball");
    expect((await at.claim({ limit: 5, handlers: ["dance", "sing"] })).map(({ handler }) => handler)).toEqual(["dance"]);
    expect(await at.claim({ handlers: ["sing"] })).toEqual([]);
  });

  test("of many at once exactly one gets a run", async () => {
    await using at = await queuesUnderTest();
    await at.put("hello");
    await at.due("hello");
    const claims = await Promise.all(Array.from({ length: 10 }, (_, index) => at.claim({ executor: `worker-${index}` })));
    expect(claims.flat()).toHaveLength(1);
  });

  test.each([
    ["skip", "skipped"],
    ["buffer_one", "due"],
  ])("keeps the overlap policy %s: the second run is %s", async (overlap, state) => {
    await using at = await queuesUnderTest();
    await at.put("hello", { overlap });
    const first = await at.due("hello");
    const [held] = await at.claim({ limit: 5 });
    expect(held?.runId).toBe(first);
    at.clock.advance(1);
    const second = await at.due("hello");
    expect(await at.claim({ limit: 5, executor: "worker-2" })).toEqual([]);
    expect((await at.readRun(second)).state).toBe(state);
    expect(await at.told("JobSkipped")).toHaveLength(state === "skipped" ? 1 : 0);
    await at.settle(held as never, { state: "succeeded" });
    expect((await at.claim()).map(({ runId }) => runId)).toEqual(state === "skipped" ? [] : [second]);
  });

  test("requests the cancel of the run before it, where the overlap policy says so", async () => {
    await using at = await queuesUnderTest();
    await at.put("hello", { overlap: "cancel_running" });
    const first = await at.due("hello");
    const [held] = await at.claim();
    at.clock.advance(1);
    const second = await at.due("hello");
    expect(await at.claim({ executor: "worker-2" })).toEqual([]);
    expect(await at.told("CancelRequested")).toMatchObject([{ data: { runId: first } }]);
    expect(await at.heartbeat(held as never)).toMatchObject([{ held: true, stop: "cancelled" }]);
    expect(await at.settle(held as never, { state: "cancelled" })).toMatchObject({ result: "settled", state: "cancelled" });
    expect((await at.claim()).map(({ runId }) => runId)).toEqual([second]);
  });

  test("its lease is at most the timeout of the job and ten seconds", async () => {
    await using at = await queuesUnderTest();
    await at.put("short", { timeoutMs: 2_000 });
    await at.put("long", { timeoutMs: HOUR });
    await at.due("short");
    at.clock.advance(1);
    await at.due("long");
    const runs = await at.claim({ limit: 2, leaseMs: 600_000 });
    expect(runs.map(({ jobId, leaseMs }) => [jobId, leaseMs])).toEqual([
      ["short", 12_000],
      ["long", 600_000],
    ]);
  });

  test("knows the run of the job before", async () => {
    await using at = await queuesUnderTest();
    await at.put("hello");
    const first = await at.due("hello");
    await at.settle((await at.claim())[0] as never, { state: "succeeded" });
    await at.store.status.apply([
      {
        tenantId: "default",
        jobUid: (await at.store.jobs.get("default", "hello"))?.uid ?? "",
        lastRun: { runId: first, state: "succeeded", scheduledFor: START, startedAt: START, finishedAt: START, attempt: 1, error: null },
      },
    ]);
    at.clock.advance(1);
    await at.due("hello");
    expect((await at.claim())[0]?.lastRun).toMatchObject({ id: first, state: "succeeded" });
  });
});

test("any api may keep and settle what another has claimed: nothing is remembered about an attempt", async () => {
  await using at = await queuesUnderTest();
  await at.put("hello");
  await at.due("hello");
  const [run] = await at.claim();
  await using other = await queuesUnderTest({ wrapStore: () => at.store });
  expect(await other.heartbeat(run as never)).toMatchObject([{ held: true, stop: null }]);
  expect(await other.settle(run as never, { state: "succeeded" })).toMatchObject({ result: "settled", state: "succeeded" });
  expect(await at.settle(run as never, { state: "succeeded" })).toMatchObject({ result: "settled", state: "succeeded" });
});

describe("an answer that does not arrive", () => {
  test("loses no run: its lease ends, and another executor gets it as its next attempt", async () => {
    await using at = await queuesUnderTest();
    await at.put("hello");
    const runId = await at.due("hello");
    const [lost] = await at.claim({ leaseMs: 5_000 });
    at.clock.advance(4_999);
    expect(await at.rescueEnded()).toBe(0);
    expect(await at.claim({ executor: "worker-2" })).toEqual([]);
    at.clock.advance(1);
    expect(await at.rescueEnded()).toBe(1);
    const [again] = await at.claim({ executor: "worker-2" });
    expect(again).toMatchObject({ runId, attempt: 2, failures: 0, fence: { attempt: 2 }, idempotencyKey: runId });
    // Should the first executor have got it all the same, it is told to stop, and its result is refused.
    expect(await at.heartbeat(lost as never)).toEqual([{ runId, held: false, stop: "lease_lost", leaseEndsAt: null }]);
    expect(await at.settle(lost as never, { state: "succeeded", output: "of the first" })).toMatchObject({ result: "stale", state: null });
    expect(await at.settle(again as never, { state: "succeeded", output: "of the second" })).toMatchObject({ result: "settled" });
    expect(await at.readRun(runId)).toMatchObject({
      state: "succeeded",
      output: "of the second",
      attempts: [
        { state: "lost", executor: "worker-1" },
        { state: "succeeded", executor: "worker-2" },
      ],
    });
  });

  test("a run whose executors were lost twice is claimed alone", async () => {
    await using at = await queuesUnderTest();
    for (const id of ["bad", "good"]) await at.put(id);
    await at.due("bad");
    for (let times = 0; times < 2; times += 1) {
      expect(await at.claim({ leaseMs: 1_000 })).toHaveLength(1);
      at.clock.advance(1_000);
      await at.rescueEnded();
    }
    await at.due("good");
    expect((await at.claim({ limit: 5 })).map(({ jobId }) => jobId)).toEqual(["bad"]);
    expect((await at.claim({ limit: 5 })).map(({ jobId }) => jobId)).toEqual(["good"]);
  });
});

describe("a queue that executors over HTTP cannot serve", () => {
  test.each(["claim", "heartbeat", "settle"])("%s says what to set", async (deed) => {
    await using at = await queuesUnderTest();
    const token = "http/1.1.1/0123456789abcdefABCD-_";
    const runs = [{ runId: "01KDR4Y7Z0000000000000000A", token, ...(deed === "settle" && { state: "cancelled" }) }];
    const body = deed === "claim" ? { executor: "worker-1" } : { runs };
    expect(await at.call(`POST /queues/default/${deed}`, { body })).toMatchObject({
      status: 409,
      body: {
        code: "internal_queue",
        detail:
          "Tickline's own executors serve the queue default: name another queue in EXTERNAL_QUEUES, and in the jobs whose runs are to be claimed here",
      },
    });
    expect(await at.call(`POST /queues/ruby/${deed}`, { body })).toMatchObject({
      status: 404,
      body: { code: "queue_not_found", detail: 'there is no external queue "ruby": EXTERNAL_QUEUES names python' },
    });
  });

  test("says so where there is no external queue at all", async () => {
    await using at = await queuesUnderTest({ config: { queues: ["default"], externalQueues: [] } });
    const { body } = await at.ask("claim", { executor: "worker-1" });
    expect(body.detail).toBe('there is no external queue "python": EXTERNAL_QUEUES names none');
  });

  test("a run of an internal queue is not claimed through another queue", async () => {
    await using at = await queuesUnderTest();
    await at.put("ours", { queue: "default", handler: "noop" });
    await at.due("ours");
    expect(await at.claim({ limit: 10 })).toEqual([]);
  });
});
