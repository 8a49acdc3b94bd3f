import { expect, test } from "@jest/globals";
import type { Settlement } from "@tickline/shared/ports/runs/run-claims";
import { ending, unannounced } from "@tickline/shared/testing/contracts/store-steps";
import { MINUTE } from "@tickline/shared/testing/factories";
import { setup, storeUnavailable, turns, type SetupOptions } from "../executor.test-support.ts";

/** A store whose settles fail as `fail` says: before the write, or after it (`lost`). */
function faultySettles(fail: (settlements: readonly Settlement[]) => "away" | "lost" | "refused" | null): SetupOptions {
  return {
    claims: (claims) => ({
      async settle(request) {
        const how = fail(request.settlements);
        if (how === "away") throw storeUnavailable();
        if (how === "refused") throw new TypeError("cannot be bound");
        const outcomes = await claims.settle(request);
        if (how === "lost") throw storeUnavailable();
        return outcomes;
      },
    }),
  };
}

test("a result that cannot be written is kept, its lease renewed, and written when the store is available", async () => {
  let away = true;
  let calls = 0;
  const { executor, due, publish, pass, states, store, clock, events, close } = await setup({
    run: () => void (calls += 1),
    ...faultySettles(() => (away ? "away" : null)),
  });
  await executor.start();
  const runs = await due(5);
  await publish(runs);
  await pass(2 * MINUTE);
  expect(new Set(await states(runs))).toEqual(new Set(["running"]));
  expect(await ending(store, clock.now())).toEqual([]);
  away = false;
  await pass(5_000);
  expect(new Set(await states(runs))).toEqual(new Set(["succeeded"]));
  expect(calls).toBe(5);
  expect(events.filter(({ type }) => type === "JobCompleted")).toHaveLength(5);
  await close();
});

test("a result whose answer was lost is written once and published", async () => {
  let lost = 2;
  const { executor, due, publish, pass, state, events, close } = await setup(faultySettles(() => (lost-- > 0 ? "lost" : null)));
  await executor.start();
  const [run] = await due(1);
  await publish([run!]);
  await pass(2_000);
  expect(await state(run!)).toMatchObject({ state: "succeeded", attempts: [{ state: "succeeded" }] });
  expect(events.map(({ type }) => type)).toEqual(["JobStarted", "JobCompleted"]);
  await close();
});

test("one result that the store refuses does not prevent the others from being written", async () => {
  let poison = "";
  const { executor, due, publish, pass, states, close } = await setup(
    faultySettles((settlements) => (settlements.some(({ runId }) => runId === poison) ? "refused" : null)),
  );
  await executor.start();
  const runs = await due(20);
  poison = runs[7]!.runId;
  await publish(runs);
  await pass(2_000);
  const after = await states(runs);
  expect(after.filter((state) => state === "succeeded")).toHaveLength(19);
  const later = await due(20);
  await publish(later);
  await turns(20);
  expect(new Set(await states(later))).toEqual(new Set(["succeeded"]));
  poison = "";
  await pass(5_000);
  expect(new Set(await states(runs))).toEqual(new Set(["succeeded"]));
  await close();
});

test("with too many results unwritten nothing more is claimed", async () => {
  let away = true;
  let calls = 0;
  const { executor, due, publish, pass, states, close } = await setup({
    run: () => void (calls += 1),
    config: { unsettledRunsMax: 10, workersMax: 5, jobWorkersPercent: 100, queueWorkersPercent: 0 },
    ...faultySettles(() => (away ? "away" : null)),
  });
  await executor.start();
  const runs = await due(100);
  await publish(runs);
  await pass(MINUTE);
  expect(calls).toBeGreaterThanOrEqual(10);
  expect(calls).toBeLessThan(30);
  away = false;
  await pass(10_000);
  expect(new Set(await states(runs))).toEqual(new Set(["succeeded"]));
  expect(calls).toBe(100);
  await close();
});

test("a claim whose answer was lost is asked for again with the same token, and runs once", async () => {
  let lost = 3;
  const tokens = new Set<string>();
  let calls = 0;
  const { executor, due, publish, pass, states, close } = await setup({
    run: () => void (calls += 1),
    claims: (claims) => ({
      async claim(request) {
        tokens.add(request.claimant.token);
        const outcomes = await claims.claim(request);
        if (lost-- > 0) throw storeUnavailable();
        return outcomes;
      },
    }),
  });
  await executor.start();
  const runs = await due(4);
  await publish(runs);
  await pass(2_000);
  expect({ calls, tokens: tokens.size, states: new Set(await states(runs)) }).toEqual({
    calls: 4,
    tokens: 1,
    states: new Set(["succeeded"]),
  });
  await close();
});

test("a claim that fails for another reason is given up, and its workers are free again", async () => {
  let refused = true;
  const { executor, due, publish, pass, states, close } = await setup({
    config: { workersMax: 2 },
    claims: (claims) => ({ claim: (request) => (refused ? Promise.reject(new TypeError("on purpose")) : claims.claim(request)) }),
  });
  await executor.start();
  const runs = await due(2);
  await publish(runs);
  await pass(20_000);
  refused = false;
  await publish(runs);
  await pass(1_000);
  expect(new Set(await states(runs))).toEqual(new Set(["succeeded"]));
  await close();
});

test("an end that the bus did not accept is left to the sweep", async () => {
  const { executor, due, publish, until, states, store, bus, events, metrics, close } = await setup();
  await executor.start();
  const runs = await due(2);
  const publishing = bus.publish.bind(bus);
  Object.assign(bus, {
    publish: (topic: string, ...rest: [never]) =>
      topic === "tickline.runs" ? Promise.reject(new Error("the bus is unavailable")) : publishing(topic, ...rest),
  });
  await publish(runs);
  await until(async () => (await states(runs)).every((state) => state === "succeeded"));
  await turns();
  expect(await unannounced(store)).toHaveLength(2);
  expect(events).toEqual([]);
  expect(await metrics.metrics()).toMatch(/tickline_events_unpublished_total [1-9]/);
  await close();
});
