import { describe, expect, test } from "@jest/globals";
import type { HeartbeatResult } from "@tickline/shared/ports/runs/run-claims";
import { ending } from "@tickline/shared/testing/contracts/store-steps";
import { MINUTE, SECOND } from "@tickline/shared/testing/factories";
import { EXECUTOR_DEFAULTS } from "../executor-config.ts";
import { heldHandler, LEASE_ABORT_MS, LEASE_MS, setup, storeUnavailable } from "../executor.test-support.ts";

const { heartbeatMs, leaseMarginMs, storeFailoverMs } = EXECUTOR_DEFAULTS;

/** How a store that is unavailable fails a renewal. */
const FAILURES: Readonly<Record<string, () => Promise<HeartbeatResult>>> = {
  "refuses at once": () => Promise.reject(storeUnavailable()),
  "does not answer": () => new Promise<never>(() => {}),
};

/** Three runs, on a store that fails renewals like this while it is unavailable. `obeying`: their handlers end when they are asked to. */
async function running(
  fail: (answer: () => Promise<HeartbeatResult>) => Promise<HeartbeatResult>,
  { obeying }: { readonly obeying: boolean } = { obeying: true },
) {
  const held = heldHandler();
  const store = { unavailable: false, asked: 0 };
  const world = await setup({
    run: obeying ? held.runObeying : held.run,
    claims: (claims) => ({
      heartbeat(request) {
        store.asked += 1;
        const answer = (): Promise<HeartbeatResult> => claims.heartbeat(request);
        return store.unavailable ? fail(answer) : answer();
      },
    }),
  });
  await world.executor.start();
  const runs = await world.due(3, { definition: { timeoutMs: 60 * MINUTE } });
  await world.publish(runs);
  await world.until(() => held.calls.length === 3);
  const aborted = (): number => held.calls.filter(({ signal }) => signal.aborted).length;
  return { ...world, held, runs, state: store, aborted };
}

describe.each(Object.entries(FAILURES))("a store that is unavailable and %s", (_, fail) => {
  test.each([
    ["just after a renewal", 100],
    ["just before one", heartbeatMs - 100],
  ])("for as long as a failover lasts, from %s, aborts no handler, and leases are renewed after it", async (_name, fromMs) => {
    const { pass, state, aborted, states, runs, store, clock, logged, held, close } = await running(fail);
    await pass(2 * heartbeatMs + fromMs);
    state.unavailable = true;
    await pass(storeFailoverMs);
    state.unavailable = false;
    await pass(LEASE_MS);
    expect(aborted()).toBe(0);
    expect(await ending(store, clock.now() + LEASE_MS - heartbeatMs - SECOND)).toEqual([]);
    held.finishAll();
    await pass(100);
    expect(await states(runs)).toEqual(["succeeded", "succeeded", "succeeded"]);
    expect(logged.filter((line) => line.includes("round failed")).length).toBeGreaterThan(0);
    await close();
  });

  test("for longer than a lease aborts the handlers before it ends", async () => {
    const { pass, state, aborted, states, runs, ends, close } = await running(fail);
    await pass(heartbeatMs);
    state.unavailable = true;
    await pass(LEASE_ABORT_MS - 100);
    expect(aborted()).toBe(0);
    await pass(200);
    expect(aborted()).toBe(3);
    expect(await states(runs)).toEqual(["due", "due", "due"]);
    expect(ends).toEqual([]);
    state.unavailable = false;
    await close();
  });
});

test("a failover aborts no handler either where the store takes some seconds for each answer: renewals are sent as often as ever", async () => {
  const ANSWER_MS = 3 * SECOND;
  let away = false;
  const world = await running((answer) => {
    const { promise, resolve } = Promise.withResolvers<HeartbeatResult>();
    if (!away) world.clock.setTimer(ANSWER_MS, () => resolve(answer()));
    return promise;
  });
  const { pass, state, aborted, held, close } = world;
  state.unavailable = true;
  await pass(3 * heartbeatMs);
  const asked = state.asked;
  while (state.asked === asked) await pass(100);
  await pass(heartbeatMs + ANSWER_MS - 200); // Just before a renewal would be sent that waits for the answer of the last.
  away = true;
  await pass(storeFailoverMs);
  away = false;
  await pass(LEASE_MS);
  expect(aborted()).toBe(0);
  state.unavailable = false;
  held.finishAll();
  await close();
});

test("a renewal that failed is sent again within a second, however often it has failed", async () => {
  const { pass, state, held, close } = await running(() => Promise.reject(storeUnavailable()));
  state.unavailable = true;
  await pass(heartbeatMs + 5 * SECOND);
  const before = state.asked;
  await pass(5 * SECOND);
  expect(state.asked - before).toBeGreaterThanOrEqual(5);
  state.unavailable = false;
  held.finishAll();
  await close();
});

describe("a renewal that was given up", () => {
  test("counts from when it was sent, if it is answered: a store that is always slow aborts no handler", async () => {
    const late: (() => void)[] = [];
    const world = await running((answer) => {
      const { promise, resolve } = Promise.withResolvers<HeartbeatResult>();
      late.push(() => resolve(answer()));
      world.clock.setTimer(3 * heartbeatMs, () => late.shift()?.());
      return promise;
    });
    const { pass, state, aborted, states, runs, held, close } = world;
    state.unavailable = true;
    await pass(3 * LEASE_MS);
    expect(aborted()).toBe(0);
    held.finishAll();
    await pass(100);
    expect(await states(runs)).toEqual(["succeeded", "succeeded", "succeeded"]);
    state.unavailable = false;
    await pass(3 * heartbeatMs);
    await close();
  });

  test("restores no lease that a later renewal found lost: its handler ends in time, or the process does", async () => {
    const sent: PromiseWithResolvers<HeartbeatResult>[] = [];
    const fail = (): Promise<HeartbeatResult> => (sent[sent.length] = Promise.withResolvers<HeartbeatResult>()).promise;
    const { pass, state, runs, store, clock, held, ends, close } = await running(fail, { obeying: false });
    await pass(heartbeatMs - 100);
    state.unavailable = true;
    await pass(heartbeatMs); // One is on its way.
    state.unavailable = false;
    for (const { runId, expiresAt } of await ending(store, clock.now() + MINUTE))
      await store.leases.rescue({ rescues: [{ runId, expiresAt, to: "due" }], now: clock.now() });
    await pass(SECOND);
    expect(held.calls.map(({ signal }) => signal.reason)).toMatchObject(runs.map(() => ({ code: "lease_lost" })));
    state.unavailable = true;
    sent[0]!.resolve({ renewed: runs.map(({ runId }) => runId), cancelRequested: [] });
    await pass(leaseMarginMs);
    expect(ends[0]).toBe("at once");
    held.finishAll();
    await close();
  });
});
