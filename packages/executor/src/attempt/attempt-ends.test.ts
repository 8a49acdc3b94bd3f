import { expect, test } from "@jest/globals";
import { ending } from "@tickline/shared/testing/contracts/store-steps";
import { newJob, MINUTE, SECOND } from "@tickline/shared/testing/factories";
import { heldHandler, LEASE_ABORT_MS, LEASE_MS, setup, storeUnavailable, turns, type SetupOptions } from "../executor.test-support.ts";
import { RunAborted } from "./run-aborted.ts";
import { running } from "./running-run.test-support.ts";

test("a handler that runs too long is asked to end, and its attempt has failed", async () => {
  const { signal, pass, ended, close } = await running({ obeying: true, timeoutMs: 30_000 });
  await pass(29_900);
  expect(signal.aborted).toBe(false);
  await pass(100);
  expect(signal.reason).toBeInstanceOf(RunAborted);
  expect(signal.reason).toMatchObject({ name: "AbortError", code: "timeout" });
  expect(await ended()).toMatchObject({
    state: "retrying",
    error: { code: "timeout", message: "the attempt ran longer than 30000 ms", retryable: true },
  });
  await close();
});

test("a signal that is first read after the abort is aborted", async () => {
  const held = heldHandler();
  const { executor, due, publish, pass, close } = await setup({ run: held.run });
  await executor.start();
  await publish(await due(1, { definition: { timeoutMs: 1_000 } }));
  await pass(2_000);
  expect(held.calls[0]!.signal).toMatchObject({ aborted: true, reason: { code: "timeout" } });
  held.finishAll();
  await close();
});

test.each([
  ["its timeout", { timeoutMs: 1_000, stillMs: 2_000 }, "timeout"],
  ["its lease", { timeoutMs: 60 * MINUTE, stillMs: LEASE_MS }, "lease_lost"],
])(
  "a handler that stood still past %s learns it by reading the signal, before any timer fires",
  async (_, { timeoutMs, stillMs }, code) => {
    const seen: unknown[] = [];
    const world = await setup({
      run(context) {
        seen.push(context.signal.reason);
        world.clock.standStill(stillMs);
        seen.push(context.signal.reason);
        throw context.signal.reason;
      },
    });
    await world.executor.start();
    await world.publish(await world.due(1, { definition: { timeoutMs } }));
    await world.until(() => seen.length === 2);
    expect(seen).toMatchObject([undefined, { name: "AbortError", code }]);
    await world.close();
  },
);

test.each([
  ["a hint tells", true, 0],
  ["the heartbeat finds", false, 5_000],
])("a cancel that %s of ends the run as cancelled", async (_, hint, afterMs) => {
  const { signal, cancel, pass, ended, close } = await running({ obeying: true });
  await cancel(hint);
  await pass(afterMs);
  expect(signal.reason).toMatchObject({ code: "cancelled" });
  expect(await ended()).toMatchObject({ state: "cancelled" });
  await close();
});

test.each(["cancelled", "timeout"])("a handler that returns after it was asked to end (%s) has succeeded all the same", async (cause) => {
  const { signal, held, cancel, pass, ended, until, run, close } = await running({ timeoutMs: 10_000 });
  if (cause === "cancelled") await cancel(true);
  else await pass(10_000);
  expect(signal.reason).toMatchObject({ code: cause });
  held.finish(run.runId, "done before I noticed");
  await until(async () => (await ended()).state === "succeeded");
  await close();
});

test("a handler that ignores its signal keeps its run open and its lease, and is reported once", async () => {
  const { held, pass, ended, logged, ends, store, clock, metrics, close } = await running({ timeoutMs: 1_000 });
  await pass(5 * MINUTE);
  expect(await ended()).toMatchObject({ state: "running" });
  expect(await ending(store, clock.now())).toEqual([]);
  expect(logged).toEqual(["a handler ignores that it was asked to end; until it does, its run stays open and it holds a worker"]);
  expect(await metrics.metrics()).toContain("tickline_handlers_stuck 1");
  held.fail(held.calls[0]!.runId, new Error("at last"));
  await turns();
  expect(await ended()).toMatchObject({ state: "retrying", error: { code: "timeout" } });
  expect(ends).toEqual([]);
  await close();
});

test("a handler that ignores a cancel is reported after the grace", async () => {
  const { cancel, pass, logged, held, ended, close } = await running();
  await cancel(true);
  await pass(9_900);
  expect(logged).toEqual([]);
  await pass(200);
  expect(logged).toHaveLength(1);
  held.fail(held.calls[0]!.runId, new Error("at last"));
  await turns();
  expect(await ended()).toMatchObject({ state: "cancelled" });
  await close();
});

test("too many such handlers end the process", async () => {
  const { pass, ends, held, close } = await running({ timeoutMs: 1_000, config: { stuckHandlersMax: 1 } });
  await pass(10_900);
  expect(ends).toEqual([]);
  await pass(200);
  expect(ends[0]).toBe("after writes");
  held.finishAll();
  await close();
});

test("leases are renewed as long as handlers run", async () => {
  const { held, pass, ended, store, clock, signal, close } = await running();
  for (let minute = 0; minute < 3; minute += 1) {
    await pass(MINUTE);
    expect(await ending(store, clock.now())).toEqual([]);
  }
  expect(signal.aborted).toBe(false);
  held.finishAll();
  await turns();
  expect(await ended()).toMatchObject({ state: "succeeded", attempt: 1 });
  await close();
});

/** A store that does not answer heartbeats while `away`. */
const silentHeartbeats = (state: { away: boolean }): SetupOptions => ({
  claims: (claims) => ({
    heartbeat: (request) => (state.away ? Promise.reject(storeUnavailable()) : claims.heartbeat(request)),
  }),
});

test("without renewals a handler is asked to end before its lease does, counted from the last renewal sent", async () => {
  const state = { away: false };
  const { signal, pass, ended, close } = await running({ obeying: true, ...silentHeartbeats(state) });
  await pass(20 * SECOND);
  state.away = true;
  await pass(LEASE_ABORT_MS - 100);
  expect(signal.aborted).toBe(false);
  await pass(200);
  expect(signal.reason).toMatchObject({ code: "lease_lost" });
  await turns();
  expect(await ended()).toMatchObject({ state: "due", attempt: 2, attempts: [{ state: "released" }] });
  state.away = false;
  await close();
});

test("if the store never answers heartbeats, not even with an error, no handler runs longer than its lease", async () => {
  const { signal, pass, close, held } = await running({
    claims: () => ({ heartbeat: () => new Promise<never>(() => undefined) }),
  });
  await pass(LEASE_ABORT_MS + 100);
  expect(signal.reason).toMatchObject({ code: "lease_lost" });
  held.finishAll();
  await close();
});

test("a renewal counts from when it was sent, not from when it was answered", async () => {
  let answering = true;
  const { signal, pass, clock, close } = await running({
    obeying: true,
    claims: (claims) => ({
      async heartbeat(request) {
        const answer = await claims.heartbeat(request);
        if (!answering) return new Promise<never>(() => undefined);
        await new Promise<void>((answered) => clock.setTimer(3_000, answered)); // 3 s on its way back.
        answering = false;
        return answer;
      },
    }),
  });
  await pass(5 * SECOND + LEASE_ABORT_MS - 100); // Sent at 5 s, answered at 8 s.
  expect(signal.aborted).toBe(false);
  await pass(200);
  expect(signal.reason).toMatchObject({ code: "lease_lost" });
  await close();
});

test("a handler that ignores that ends the process when its lease ends", async () => {
  const state = { away: true };
  const { pass, ends, logged, held, close } = await running(silentHeartbeats(state));
  await pass(LEASE_MS - 100);
  expect(ends).toEqual([]);
  await pass(200);
  expect(ends).toEqual(["at once"]);
  expect(logged.at(-1)).toMatch(/ignores that it was asked to end, and its lease is gone: the process ends/);
  held.finishAll();
  state.away = false;
  await close();
});

test("a handler whose lease another executor has is asked to end, and its result is refused", async () => {
  const { signal, held, store, clock, pass, run, until, logged, ended, close } = await running();
  await pass(1_000);
  const [view] = await ending(store, clock.now() + MINUTE);
  await store.leases.rescue({ rescues: [{ runId: run.runId, expiresAt: view!.expiresAt, to: "due" }], now: clock.now() });
  await pass(5_000);
  expect(signal.reason).toMatchObject({ code: "lease_lost" });
  held.finish(run.runId, "too late");
  await until(() => logged.some((line) => line.startsWith("results were refused")));
  expect(await ended()).toMatchObject({ state: "due", attempt: 2, output: null });
  await close();
});

test("the next attempt does not start here while the handler of the previous attempt runs", async () => {
  const { held, store, clock, pass, run, publish, until, executor, ended, close } = await running();
  await pass(1_000);
  const [view] = await ending(store, clock.now() + MINUTE);
  await store.leases.rescue({ rescues: [{ runId: run.runId, expiresAt: view!.expiresAt, to: "due" }], now: clock.now() });
  const again = { ...run, attempt: 2, rescues: 1 };
  await publish([again]);
  await turns(20);
  expect(await ended()).toMatchObject({ state: "due", attempt: 2 });
  expect(held.calls).toHaveLength(1);
  // Nor when another part of the process has claimed it.
  executor.localWorkers.reserve(newJob({ definition: { handler: "work", overlap: "allow" } }));
  const { token } = executor.localWorkers.claimant();
  await store.claims.claim({ runs: [again], claimant: { executor: "x", token, leaseMs: 15_000 }, now: clock.now(), firedAfter: 0 });
  executor.localWorkers.start([{ run: again, token, leaseMs: 15_000, startedAt: clock.now() }]);
  await until(async () => (await ended()).attempt === 3);
  expect(held.calls).toHaveLength(1);
  held.finishAll();
  await turns();
  await publish([{ ...run, attempt: 3, rescues: 1 }]);
  await until(() => held.calls.length === 2);
  held.finishAll();
  await close();
});

test("a job with onUncertain skip gets a failure where others are released", async () => {
  const state = { away: true };
  const { pass, ended, close } = await running({ obeying: true, onUncertain: "skip", ...silentHeartbeats(state) });
  await pass(LEASE_ABORT_MS + 100);
  await turns();
  expect(await ended()).toMatchObject({ state: "retrying", error: { code: "lease_lost" } });
  state.away = false;
  await close();
});

test("a run whose lease ended before its handler was called is released uncalled", async () => {
  let calls = 0;
  const { executor, due, publish, clock, until, state, close } = await setup({
    run: () => void (calls += 1),
    claims: (claims) => ({
      async claim(request) {
        const outcomes = await claims.claim(request);
        clock.advance(LEASE_ABORT_MS); // The answer was long on its way.
        return outcomes;
      },
    }),
  });
  await executor.start();
  const [run] = await due(1);
  await publish([run!]);
  await until(async () => (await state(run!)).attempt === 2);
  expect({ calls, state: (await state(run!)).state }).toEqual({ calls: 0, state: "due" });
  await close();
});
