import { expect, test } from "@jest/globals";
import type { ProcessWork } from "@tickline/shared/runtime/service/process-work";
import { ending } from "@tickline/shared/testing/contracts/store-steps";
import { MINUTE, SECOND } from "@tickline/shared/testing/factories";
import { EXECUTOR_DEFAULTS } from "../executor-config.ts";
import { heldHandler, setup, storeUnavailable, turns, type SetupOptions } from "../executor.test-support.ts";

/** Handlers at work that end as soon as they are asked to. */
async function running(count: number, options: SetupOptions = {}) {
  const held = heldHandler();
  const world = await setup({ run: held.runObeying, ...options });
  await world.executor.start();
  const runs = await world.due(count, { definition: { timeoutMs: 60 * MINUTE } });
  await world.publish(runs);
  await world.until(() => held.calls.length === count);
  return { ...world, held, runs };
}

const RUNNING = { state: "running", attempt: 1, attempts: [{ state: "running" }] };

test("running handlers are not asked to end, and their results are not written", async () => {
  const { executor, held, runs, pass, state, events } = await running(3);
  await executor.abandon();
  held.finish(runs[0]!.runId);
  held.fail(runs[1]!.runId, new Error("the fault had consequences"));
  await pass(5 * SECOND);
  expect(held.calls[2]!.signal.aborted).toBe(false);
  for (const run of runs) expect(await state(run)).toMatchObject(RUNNING);
  expect(events.filter(({ type }) => type !== "JobStarted")).toEqual([]);
});

test("results that were waiting for the store are written at once", async () => {
  let away = true;
  const { executor, due, publish, pass, until, states, events } = await setup({
    claims: (claims) => ({ settle: (request) => (away ? Promise.reject(storeUnavailable()) : claims.settle(request)) }),
  });
  await executor.start();
  const runs = await due(3);
  await publish(runs);
  await pass(15 * SECOND);
  expect(new Set(await states(runs))).toEqual(new Set(["running"]));
  away = false;
  await executor.abandon(); // No time passes: the next try was seconds away.
  expect(new Set(await states(runs))).toEqual(new Set(["succeeded"]));
  await until(() => events.filter(({ type }) => type === "JobCompleted").length === 3);
});

test("it waits for results that cannot be written: the process ends without them", async () => {
  const { executor, due, publish, until, pass, states } = await setup({
    claims: () => ({ settle: () => Promise.reject(storeUnavailable()) }),
  });
  await executor.start();
  const runs = await due(1);
  await publish(runs);
  await until(async () => (await states(runs))[0] === "running");
  await turns();
  let abandoned = false;
  void executor.abandon().then(() => (abandoned = true));
  await pass(10 * SECOND);
  expect({ abandoned, states: await states(runs) }).toEqual({ abandoned: false, states: ["running"] });
});

test("nothing more is claimed, and handlers of runs that were being claimed are not called", async () => {
  const answer = Promise.withResolvers<void>();
  const held = heldHandler();
  const { executor, due, publish, until, pass, state, states } = await setup({
    run: held.run,
    claims: (claims) => ({
      async claim(request) {
        const outcomes = await claims.claim(request);
        await answer.promise;
        return outcomes;
      },
    }),
  });
  await executor.start();
  const [claimed] = await due(1);
  await publish([claimed!]);
  await until(async () => (await state(claimed!)).state === "running");
  await executor.abandon();
  const later = await due(1);
  await publish(later);
  answer.resolve();
  await pass(SECOND);
  expect(held.calls).toEqual([]);
  expect(await state(claimed!)).toMatchObject(RUNNING);
  expect(await states(later)).toEqual(["due"]);
});

test("during a stop it prevents that handlers are asked to end", async () => {
  const { executor, held, runs, pass, state } = await running(2);
  void executor.stop();
  await pass(5 * SECOND);
  await executor.abandon();
  await pass(5 * SECOND);
  expect(held.calls.map(({ signal }) => signal.aborted)).toEqual([false, false]);
  await pass(30 * SECOND);
  for (const run of runs) expect(await state(run)).toMatchObject(RUNNING);
});

test("a run that the stop asked to end, and that has not ended, is not released", async () => {
  const { executor, held, runs, pass, state } = await running(2);
  // As when the first listener throws: an uncaught error is thrown before any handler has ended.
  held.calls[0]!.signal.addEventListener("abort", () => void executor.abandon());
  void executor.stop();
  await pass(30 * SECOND);
  expect(held.calls.map(({ signal }) => signal.reason)).toMatchObject([{ code: "shutdown" }, { code: "shutdown" }]);
  for (const run of runs) expect(await state(run)).toMatchObject(RUNNING);
});

test("a run that the stop released before stays released", async () => {
  const { executor, runs, pass, state, until } = await running(2);
  void executor.stop();
  await pass(10 * SECOND);
  await until(async () => (await state(runs[0]!)).state === "due");
  await executor.abandon();
  for (const run of runs) expect(await state(run)).toMatchObject({ state: "due", attempt: 2, attempts: [{ state: "released" }] });
});

test("its leases run out, and the rescue of its runs counts", async () => {
  const { executor, store, clock, pass, runs, state } = await running(1);
  await executor.abandon();
  await pass(EXECUTOR_DEFAULTS.leaseMs + SECOND);
  const [lease] = await ending(store, clock.now());
  expect(lease).toMatchObject({ handler: "work", attempt: 1, rescues: 0 });
  await store.leases.rescue({ rescues: [{ runId: runs[0]!.runId, expiresAt: lease!.expiresAt, to: "due" }], now: clock.now() });
  expect(await store.claims.read([runs[0]!.runId])).toMatchObject([{ attempt: 2, failures: 0, rescues: 1 }]);
  expect(await state(runs[0]!)).toMatchObject({ state: "due", attempts: [{ state: "lost" }] });
});

test("the work of the process names all attempts, and the run whose code is running, wherever it was called from", async () => {
  const seen: Record<string, ProcessWork["running"]> = {};
  const see = (where: string) => void (seen[where] = world.executor.work().running);
  const timer = Promise.withResolvers<void>();
  const world = await setup({
    async run({ signal, params }) {
      if (params["look"] !== true) return new Promise(() => undefined);
      see("handler");
      setImmediate(() => {
        see("timer, after its end");
        timer.resolve();
      });
      signal.addEventListener("abort", () => see("listener"));
      await Promise.resolve();
      see("after a wait");
      if (params["end"] === true) return null;
      return new Promise(() => undefined);
    },
  });
  await world.executor.start();
  const [quick] = await world.due(1, { definition: { params: { look: true, end: true } } });
  const [slow] = await world.due(1, { definition: { params: {} } });
  await world.publish([quick!, slow!]);
  await timer.promise;
  await world.until(async () => (await world.state(quick!)).state === "succeeded");
  expect(seen).toMatchObject({
    handler: { runId: quick!.runId, handler: "work", jobId: quick!.jobId, attempt: 1 },
    "timer, after its end": { runId: quick!.runId },
    "after a wait": { runId: quick!.runId },
  });
  expect(world.executor.work()).toMatchObject({ attempts: [{ runId: slow!.runId, handler: "work", attempt: 1 }], running: null });
  const [asked] = await world.due(1, { definition: { params: { look: true }, timeoutMs: 1_000 } });
  await world.publish([asked!]);
  await world.pass(2 * SECOND);
  expect(seen["listener"]).toMatchObject({ runId: asked!.runId });
});
