import { expect, test } from "@jest/globals";
import { z } from "zod";
import type { RetryPolicy } from "@tickline/shared/domain/policy/retry-policy";
import { serviceContract } from "@tickline/shared/testing/contracts/service.contract";
import { unannounced, wake } from "@tickline/shared/testing/contracts/store-steps";
import { MINUTE, START } from "@tickline/shared/testing/factories";
import { EXECUTOR_DEFAULTS } from "./executor-config.ts";
import { heldHandler, setup, turns } from "./executor.test-support.ts";
import { defineHandler, NonRetryable, type HandlerContext } from "./handlers/handler.ts";

serviceContract("executor", async () => {
  const { executor, clock, bus } = await setup();
  return { service: executor, leftovers: () => clock.timers, close: () => bus.close() };
});

test("a due run is claimed, run, settled and published", async () => {
  const { executor, due, publish, until, state, events, store, clock, close } = await setup({ run: () => ({ said: "hello" }) });
  await executor.start();
  const [run] = await due(1);
  await publish([run!]);
  await until(() => events.length === 2);
  expect(await state(run!)).toMatchObject({
    state: "succeeded",
    output: { said: "hello" },
    attempt: 1,
    attempts: [{ executor: "executor-1" }],
  });
  expect(events.map(({ type, subject }) => [type, subject])).toEqual([
    ["JobStarted", "job-1"],
    ["JobCompleted", "job-1"],
  ]);
  expect(await unannounced(store)).toHaveLength(1);
  clock.advance(EXECUTOR_DEFAULTS.announcedMs);
  await turns();
  expect(await unannounced(store)).toEqual([]);
  await close();
});

test("a handler is given its attempt", async () => {
  let seen: HandlerContext<{ who: string }> | undefined;
  const greet = defineHandler({
    type: "greet",
    params: z.object({ who: z.string().default("world") }),
    run: (context) => void (seen = context),
  });
  const lastRun = {
    runId: "R0",
    state: "succeeded",
    scheduledFor: START,
    startedAt: START + 5,
    finishedAt: null,
    attempt: 1,
    error: null,
  } as const;
  const { executor, store, due, publish, until, close } = await setup({ handlers: [greet] });
  await executor.start();
  const [run] = await due(1, { definition: { handler: "greet", params: { extra: 1 } } });
  await store.status.apply([{ tenantId: run!.tenantId, jobUid: run!.jobUid, lastRun }]);
  await publish([run!]);
  await until(() => seen !== undefined);
  const { params, runId, jobId, attempt, scheduledFor, idempotencyKey, fence, signal, lastRun: last } = seen!;
  expect({ params, runId, jobId, attempt, scheduledFor, idempotencyKey, fence, last, aborted: signal.aborted }).toEqual({
    params: { who: "world" },
    runId: run!.runId,
    jobId: "job-1",
    attempt: 1,
    scheduledFor: new Date(START),
    idempotencyKey: run!.runId,
    fence: { scheduledFor: "2026-01-05T12:00:00.000Z", attempt: 1 },
    last: {
      runId: "R0",
      state: "succeeded",
      scheduledFor: new Date(START),
      startedAt: new Date(START + 5),
      finishedAt: null,
      attempt: 1,
      error: null,
    },
    aborted: false,
  });
  expect(seen!.signal).toBe(signal);
  await close();
});

test("no more handlers run at once than there are workers; the others run when workers become free", async () => {
  const held = heldHandler();
  const config = { workersMax: 3, jobWorkersPercent: 100, queueWorkersPercent: 0 };
  const { executor, due, publish, until, states, close } = await setup({ run: held.run, config });
  await executor.start();
  const runs = await due(5);
  await publish(runs);
  await until(() => held.calls.length === 3);
  await turns(20);
  expect((await states(runs)).toSorted()).toEqual(["due", "due", "running", "running", "running"]);
  held.finish(held.calls[0]!.runId);
  await until(() => held.calls.length === 4);
  await turns(20);
  expect(held.calls).toHaveLength(4);
  held.finishAll();
  await until(() => held.calls.length === 5);
  held.finishAll();
  await until(async () => (await states(runs)).every((state) => state === "succeeded"));
  await close();
});

test("a full executor leaves published runs to other executors", async () => {
  const held = heldHandler();
  const { executor, due, publish, until, bus, close } = await setup({ run: held.run, config: { workersMax: 1 } });
  await executor.start();
  await publish(await due(1));
  await until(() => held.calls.length === 1);
  await turns();
  await publish(await due(1));
  await turns();
  expect(bus.waiting).toBe(1);
  held.finishAll();
  await until(() => held.calls.length === 2);
  held.finishAll();
  await close();
});

test("a run that is published many times starts once", async () => {
  const held = heldHandler();
  const { executor, due, publish, until, close } = await setup({ run: held.run });
  await executor.start();
  const runs = await due(2);
  for (let times = 0; times < 3; times += 1) {
    await publish([...runs, ...runs]);
    await turns();
  }
  await until(() => held.calls.length === 2);
  held.finishAll();
  await turns();
  await publish(runs);
  await turns(20);
  expect(held.calls).toHaveLength(2);
  await close();
});

test("the code of a handler never runs inside the callback of a consumer", async () => {
  const stacks: string[] = [];
  const { executor, due, publish, until, close } = await setup({ run: () => void stacks.push(new Error("where").stack ?? "") });
  await executor.start();
  await publish(await due(1));
  await until(() => stacks.length === 1);
  expect(stacks[0]).not.toContain("bus-member");
  expect(stacks[0]).not.toContain("claimer");
  await close();
});

test("a run whose handler is not here is deferred, and waits", async () => {
  const { executor, due, publish, until, state, logged, close } = await setup();
  await executor.start();
  const [run] = await due(1, { definition: { handler: "elsewhere" } });
  await publish([run!]);
  await until(async () => (await state(run!)).reason === "unknown_handler");
  expect(await state(run!)).toMatchObject({ state: "due", wakeAt: null });
  expect(logged).toEqual(["no such handler here: the runs wait for an executor that has it"]);
  await close();
});

const retry: RetryPolicy = {
  maxAttempts: 2,
  backoff: "fixed",
  delayMs: 5_000,
  delayMaxMs: 5_000,
  jitter: "none",
  nonRetryable: ["gone"],
};

test("a failed attempt is retried after the delay of its policy, and that is published", async () => {
  const fail = () => Promise.reject(Object.assign(new Error("down for now"), { code: "target_down" }));
  const { executor, due, publish, until, state, events, clock, close } = await setup({ run: fail });
  await executor.start();
  const [run] = await due(1, { definition: { retry } });
  await publish([run!]);
  await until(() => events.some(({ type }) => type === "JobRetrying"));
  const error = { code: "target_down", message: "down for now", retryable: true };
  expect(await state(run!)).toMatchObject({ state: "retrying", wakeAt: clock.now() + 5_000, error });
  expect(events.at(-1)).toMatchObject({
    type: "JobRetrying",
    data: { runId: run!.runId, attempt: 1, retryAt: clock.now() + 5_000, error },
  });
  await close();
});

test("a failure of the last attempt ends the run", async () => {
  const { executor, store, due, publish, until, state, clock, close } = await setup({ run: () => Promise.reject(new Error("again")) });
  await executor.start();
  const [run] = await due(1, { definition: { retry } });
  await publish([run!]);
  await until(async () => (await state(run!)).state === "retrying");
  await wake(store, clock.now() + retry.delayMs);
  await publish([{ ...run!, attempt: 2, failures: 1 }]);
  await until(async () => (await state(run!)).state === "failed");
  await close();
});

test.each([
  ["with a code that the policy rules out", Object.assign(new Error("gone"), { code: "gone" })],
  ["as not retryable", new NonRetryable("no such customer")],
])("a failure %s ends the run", async (_, thrown) => {
  const { executor, due, publish, until, state, close } = await setup({
    run() {
      throw thrown;
    },
  });
  await executor.start();
  const [run] = await due(1, { definition: { retry } });
  await publish([run!]);
  await until(async () => (await state(run!)).state === "failed");
  await close();
});

test("params that do not fit the handler fail the run without calling it", async () => {
  let calls = 0;
  const strict = defineHandler({ type: "strict", params: z.object({ who: z.string() }), run: () => void (calls += 1) });
  const { executor, due, publish, until, state, close } = await setup({ handlers: [strict] });
  await executor.start();
  const [run] = await due(1, { definition: { handler: "strict", params: { who: 7 } } });
  await publish([run!]);
  await until(async () => (await state(run!)).state === "failed");
  expect((await state(run!)).error).toMatchObject({ code: "bad_params", retryable: false, message: expect.stringContaining("who") });
  expect(calls).toBe(0);
  await close();
});

test("queues after a busy first queue are served too", async () => {
  const order: string[] = [];
  const { executor, due, publish, until, close } = await setup({
    run: ({ params }) => void order.push(String(params["queue"])),
    config: { workersMax: 1, claimsInFlightMax: 1 },
  });
  await executor.start();
  const high = await due(40, { definition: { queue: "high", params: { queue: "high" } } });
  const low = await due(2, { definition: { queue: "low", params: { queue: "low" } } });
  await Promise.all([publish(high), publish(low)]);
  await until(() => order.length === 42);
  expect(order.indexOf("low")).toBeGreaterThan(2);
  expect(order.indexOf("low")).toBeLessThan(20);
  await close();
});

test("three executors on a bus that loses, repeats and reorders run everything once", async () => {
  const starts = new Map<string, number>();
  const run = ({ runId }: HandlerContext) => void starts.set(runId, (starts.get(runId) ?? 0) + 1);
  let seed = 1;
  const random = (): number => ((seed = (seed * 48_271) % 2_147_483_647) - 1) / 2_147_483_646;
  const { executor, another, due, publish, pass, until, state, close } = await setup({
    run,
    config: { workersMax: 7 },
    busFaults: { lose: 0.2, repeat: 0.2, reorder: true, random },
  });
  const others = [another("executor-2"), another("executor-3")];
  for (const each of [executor, ...others]) await each.start();
  const runs = await due(300);
  for (let round = 0; starts.size < 300; round += 1) {
    expect(round).toBeLessThan(50);
    await publish(runs);
    await pass(100);
  }
  const ended = async () => Promise.all(runs.map(state));
  await until(async () => (await ended()).every(({ state: of }) => of === "succeeded"));
  expect([...starts.values()].filter((count) => count !== 1)).toEqual([]);
  expect(new Set((await ended()).map(({ attempts }) => attempts[0]?.executor)).size).toBe(3);
  for (const each of others) await each.stop();
  await close();
});

test("what was fired longer ago than retention is not claimed", async () => {
  let calls = 0;
  const { executor, due, publish, pass, states, close } = await setup({ run: () => void (calls += 1), config: { retentionMs: MINUTE } });
  const runs = await due(1);
  await pass(2 * MINUTE);
  await executor.start();
  await publish(runs);
  await turns(20);
  expect({ calls, states: await states(runs) }).toEqual({ calls: 0, states: ["due"] });
  await close();
});

test("metrics count attempts by outcome, and their durations", async () => {
  const { executor, due, publish, until, states, metrics, close } = await setup({
    run: ({ params }) => (params["fail"] === true ? Promise.reject(new NonRetryable("no")) : null),
  });
  await executor.start();
  const good = await due(3);
  const bad = await due(1, { definition: { params: { fail: true } } });
  await publish([...good, ...bad]);
  await until(async () => (await states([...good, ...bad])).every((state) => state === "succeeded" || state === "failed"));
  await turns();
  const text = await metrics.metrics();
  expect(text).toContain('tickline_attempts_settled_total{outcome="succeeded"} 3');
  expect(text).toContain('tickline_attempts_settled_total{outcome="failed"} 1');
  expect(text).toContain('tickline_claims_total{outcome="won"} 4');
  expect(text).toContain("tickline_attempt_duration_seconds_count 4");
  expect(text).toContain("tickline_workers_busy 0");
  await close();
});
