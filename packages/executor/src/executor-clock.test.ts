import { expect, test } from "@jest/globals";
import { REPORTS_TOPIC } from "@tickline/shared/events/topics";
import { STORE_CLOCK_DEFAULTS } from "@tickline/shared/runtime/store-clock/store-clock";
import { newJob, HOUR, MINUTE, SECOND } from "@tickline/shared/testing/factories";
import { heldHandler, setup, storeUnavailable } from "./executor.test-support.ts";
import { foreignExecutor } from "./reports/reports.test-support.ts";

const retry = {
  maxAttempts: 2,
  backoff: "fixed",
  delayMs: MINUTE,
  delayMaxMs: MINUTE,
  jitter: "none",
  nonRetryable: [] as string[],
} as const;

test("what an executor writes has the store's time, whatever its own clock shows", async () => {
  const storeAheadMs = -5 * MINUTE;
  const { executor, store, due, publish, until, state, events, clock, close } = await setup({
    run: () => Promise.reject(new Error("again")),
    storeAheadMs: () => storeAheadMs,
  });
  await executor.start();
  const [run] = await due(1, { definition: { retry } });
  await publish([run!]);
  await until(async () => (await state(run!)).state === "retrying");
  const storeNow = clock.now() + storeAheadMs;
  expect(await state(run!)).toMatchObject({
    startedAt: storeNow,
    wakeAt: storeNow + MINUTE,
    attempts: [{ startedAt: storeNow, finishedAt: storeNow }],
  });
  await until(() => events.some(({ type }) => type === "JobRetrying"));
  expect(events.map(({ type, time }) => [type, time])).toEqual([
    ["JobStarted", storeNow],
    ["JobRetrying", storeNow],
  ]);
  expect((await store.handlers.list()).map(({ lastSeenAt }) => lastSeenAt)).toEqual([storeNow]);
  await close();
});

test("an executor whose own clock is eight days ahead closes nothing for its age", async () => {
  const { executor, due, publish, until, state, close } = await setup({ storeAheadMs: () => -8 * 24 * HOUR });
  await executor.start();
  const [run] = await due(1);
  await publish([run!]);
  await until(async () => (await state(run!)).state === "succeeded");
  await close();
});

test("while the store's clock jumps nothing new is claimed and running handlers go on; after that everything is claimed", async () => {
  let aheadMs = 0;
  const held = heldHandler();
  const world = await setup({ run: held.run, storeAheadMs: () => aheadMs });
  const { executor, due, publish, pass, until, states, logged, metrics, close } = world;
  await executor.start();
  const [first, second] = await due(2);
  await publish([first!]);
  await until(() => held.calls.length === 1);
  aheadMs = HOUR;
  await pass(11 * SECOND);
  expect(logged.filter((line) => line.includes("nothing is decided by time for now"))).toHaveLength(1);
  expect(await metrics.metrics()).toContain("tickline_store_time_steady 0");
  await publish([second!]);
  held.finish(first!.runId);
  await until(async () => (await states([first!]))[0] === "succeeded");
  expect(await states([second!])).toEqual(["due"]);
  await pass(11 * SECOND);
  await until(() => held.calls.length === 2);
  expect(logged.filter((line) => line.includes("steady again"))).toHaveLength(1);
  held.finishAll();
  await close();
});

test("a claim that is retried while the store's clock jumps waits until the clock is steady", async () => {
  let aheadMs = 0;
  let away = true;
  const { executor, due, publish, pass, until, states, close } = await setup({
    storeAheadMs: () => aheadMs,
    claims: (claims) => ({ claim: (request) => (away ? Promise.reject(storeUnavailable()) : claims.claim(request)) }),
  });
  await executor.start();
  const runs = await due(1);
  await publish(runs);
  await pass(SECOND);
  aheadMs = HOUR;
  await pass(10 * SECOND);
  away = false;
  await pass(6 * SECOND);
  expect(await states(runs)).toEqual(["due"]);
  await pass(5 * SECOND);
  await until(async () => (await states(runs))[0] === "succeeded");
  await close();
});

test("fires of the same process claim for no worker while the clock jumps", async () => {
  let aheadMs = 0;
  const { executor, pass, close } = await setup({ storeAheadMs: () => aheadMs });
  await executor.start();
  await pass(SECOND);
  expect(executor.localWorkers.free("default")).toBeGreaterThan(0);
  aheadMs = HOUR;
  await pass(11 * SECOND);
  expect([executor.localWorkers.free("default"), executor.localWorkers.reserve(newJob({ definition: { handler: "work" } }))]).toEqual([
    0,
    false,
  ]);
  aheadMs = HOUR;
  await pass(11 * SECOND);
  expect(executor.localWorkers.free("default")).toBeGreaterThan(0);
  await close();
});

test("reports of foreign executors claim nothing while the clock jumps: they are received again", async () => {
  let aheadMs = 0;
  const { executor, bus, due, pass, until, states, events, close } = await setup({
    storeAheadMs: () => aheadMs,
    config: { externalQueues: ["python"] },
  });
  await executor.start();
  const [run] = await due(1, { definition: { queue: "python" } });
  aheadMs = HOUR;
  await pass(STORE_CLOCK_DEFAULTS.storeTimeMs * 2 - 500);
  await bus.publish(REPORTS_TOPIC, [foreignExecutor("python-1").started(run!)]);
  await pass(200);
  expect([await states([run!]), events]).toEqual([["due"], []]);
  await pass(3 * SECOND);
  await until(async () => (await states([run!]))[0] === "running");
  await close();
});
