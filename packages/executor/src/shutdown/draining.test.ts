import { expect, test } from "@jest/globals";
import type { ClaimOutcome } from "@tickline/shared/ports/runs/run-claims";
import { heldHandler, setup, storeUnavailable, turns, type SetupOptions } from "../executor.test-support.ts";

async function running(count: number, options: SetupOptions & { readonly obeying?: boolean; readonly onUncertain?: "skip" } = {}) {
  const held = heldHandler();
  const world = await setup({ run: options.obeying === true ? held.runObeying : held.run, ...options });
  await world.executor.start();
  const runs = await world.due(count, { definition: { timeoutMs: 3_600_000, onUncertain: options.onUncertain ?? "rerun" } });
  await world.publish(runs);
  await world.until(() => held.calls.length === count);
  let stopped = false;
  const stop = (): void => void world.executor.stop().then(() => (stopped = true));
  return { ...world, held, runs, stop, stopped: () => stopped };
}

test("a stop waits for running handlers, and claims nothing new", async () => {
  const { held, runs, stop, stopped, pass, due, publish, states, bus, close } = await running(3);
  stop();
  await pass(5_000);
  const more = await due(1);
  await publish(more);
  await pass(1_000);
  expect({ stopped: stopped(), states: await states(more), waiting: bus.waiting }).toEqual({ stopped: false, states: ["due"], waiting: 0 });
  held.finishAll();
  await turns(20);
  expect({ stopped: stopped(), states: await states(runs) }).toEqual({ stopped: true, states: ["succeeded", "succeeded", "succeeded"] });
  await close();
});

test("handlers that take longer are asked to end, and their runs are released without counting a failure", async () => {
  const { held, runs, stop, stopped, pass, state, close } = await running(1, { obeying: true });
  stop();
  await pass(9_900);
  expect(held.calls[0]!.signal.aborted).toBe(false);
  await pass(200);
  expect(held.calls[0]!.signal.reason).toMatchObject({ code: "shutdown" });
  expect(stopped()).toBe(true);
  expect(await state(runs[0]!)).toMatchObject({ state: "due", attempt: 2, error: null, attempts: [{ state: "released" }] });
  await close();
});

test("under onUncertain skip, a handler that was called is not run again uncounted", async () => {
  const { runs, stop, pass, state, close } = await running(1, { obeying: true, onUncertain: "skip" });
  stop();
  await pass(10_100);
  expect(await state(runs[0]!)).toMatchObject({ state: "retrying", error: { code: "shutdown" } });
  await close();
});

test("a run that meets a stop each time fails when it was released too often, with that error", async () => {
  const { executor, held, runs, publish, pass, until, state, events, close } = await running(1, {
    obeying: true,
    config: { releasesMax: 2 },
  });
  for (const attempt of [1, 2, 3]) {
    await executor.start();
    if (attempt > 1) await publish([{ ...runs[0]!, attempt }]);
    await until(() => held.calls.length === attempt);
    const stopped = executor.stop();
    await pass(10_100);
    await stopped;
  }
  expect(await state(runs[0]!)).toMatchObject({
    state: "failed",
    attempt: 3,
    error: { code: "interrupted_too_often", message: expect.stringContaining("3 times"), retryable: false },
    attempts: [{ state: "released" }, { state: "released" }, { state: "failed" }],
  });
  expect(events.at(-1)).toMatchObject({ type: "JobCompleted", data: { state: "failed" } });
  await close();
});

test("a handler that ignores everything does not delay the stop forever; its run is rescued when its lease ends", async () => {
  const { runs, stop, stopped, pass, states, logged, close } = await running(1);
  stop();
  await pass(19_900);
  expect(stopped()).toBe(false);
  await pass(300);
  expect({ stopped: stopped(), states: await states(runs) }).toEqual({ stopped: true, states: ["running"] });
  expect(logged.at(-1)).toBe("handlers still run at the end of the executor; their runs are run again");
  await close();
});

test("leases are renewed while the executor drains", async () => {
  const { held, runs, stop, stopped, pass, states, close } = await running(1, { config: { drainMs: 60_000 } });
  stop();
  await pass(50_000);
  held.finishAll();
  await turns(20);
  expect({ stopped: stopped(), states: await states(runs) }).toEqual({ stopped: true, states: ["succeeded"] });
  await close();
});

test("runs whose claim is answered after the stop began are released uncalled", async () => {
  const answer = Promise.withResolvers<void>();
  const held = heldHandler();
  const { executor, due, publish, until, state, close } = await setup({
    run: held.run,
    claims: (claims) => ({
      async claim(request): Promise<readonly ClaimOutcome[]> {
        const outcomes = await claims.claim(request);
        await answer.promise;
        return outcomes;
      },
    }),
  });
  await executor.start();
  const [run] = await due(1, { definition: { onUncertain: "skip" } });
  await publish([run!]);
  await until(async () => (await state(run!)).state === "running");
  const stopped = executor.stop();
  await turns();
  answer.resolve();
  await stopped;
  expect(held.calls).toEqual([]);
  expect(await state(run!)).toMatchObject({ state: "due", attempt: 2 });
  await close();
});

test("runs that were received and not claimed go to other executors at once", async () => {
  const held = heldHandler();
  const { executor, another, due, publish, until, pass, states, close } = await setup({ run: held.run, config: { workersMax: 1 } });
  await executor.start();
  const runs = await due(2);
  await publish(runs);
  await until(() => held.calls.length === 1);
  const other = another("executor-2");
  await other.start();
  held.finishAll();
  const stopped = executor.stop();
  await until(() => held.calls.length === 2);
  held.finishAll();
  await pass(1_000);
  await stopped;
  expect(await states(runs)).toEqual(["succeeded", "succeeded"]);
  await other.stop();
  await close();
});

test("a stop writes results that are not written yet, and gives up after a time if it cannot", async () => {
  let away = true;
  const { executor, due, publish, until, pass, states, logged, close } = await setup({
    claims: (claims) => ({ settle: (request) => (away ? Promise.reject(storeUnavailable()) : claims.settle(request)) }),
  });
  await executor.start();
  const runs = await due(2);
  await publish(runs);
  await until(async () => (await states(runs)).every((state) => state === "running"));
  let stopped = false;
  void executor.stop().then(() => (stopped = true));
  await pass(4_900);
  expect(stopped).toBe(false);
  await pass(300);
  expect(stopped).toBe(true);
  expect(logged.at(-1)).toBe("results were not written before the end; their runs are run again");
  away = false;
  await close();
});

test("an executor that was stopped can be started again", async () => {
  const { executor, due, publish, until, states, close } = await setup();
  await executor.start();
  await executor.stop();
  await executor.start();
  const runs = await due(2);
  await publish(runs);
  await until(async () => (await states(runs)).every((state) => state === "succeeded"));
  await close();
});
