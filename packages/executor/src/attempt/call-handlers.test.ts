import { expect, test } from "@jest/globals";
import { z } from "zod";
import { heldHandler, LEASE_MS, setup, turn, turns } from "../executor.test-support.ts";
import { defineHandler, type HandlerContext } from "../handlers/handler.ts";

test("many busy handlers do not delay other work", async () => {
  let calls = 0;
  const world = await setup({
    run() {
      calls += 1;
      world.clock.advance(2); // Each keeps the thread for 2 ms.
    },
  });
  await world.executor.start();
  await world.publish(await world.due(12));
  await world.until(() => calls > 0);
  const seen = [calls];
  while (calls < 12) {
    await turn();
    seen.push(calls);
  }
  expect(Math.max(...seen.map((count, index) => count - (seen[index - 1] ?? 0)))).toBeLessThanOrEqual(3);
  await world.close();
});

test("a handler of a queue that goes first is called before those of other queues that were ready before it", async () => {
  const called: string[] = [];
  const world = await setup({
    run({ params }) {
      called.push(String(params["queue"]));
      world.clock.advance(5); // As long as a slice.
    },
  });
  await world.executor.start();
  const [low, high] = [
    await world.due(30, { definition: { queue: "low", params: { queue: "low" } } }),
    await world.due(1, { definition: { queue: "high", params: { queue: "high" } } }),
  ];
  await world.publish(low);
  await world.until(() => called.length === 1);
  await world.publish(high);
  await world.until(() => called.length === 31);
  expect(called.indexOf("high")).toBeLessThan(15);
  await world.close();
});

test("a handler with an asynchronous schema runs, and is not called if it is cancelled meanwhile", async () => {
  const gate = Promise.withResolvers<boolean>();
  const calls: string[] = [];
  const slow = defineHandler({
    type: "slow",
    params: z.object({ id: z.string().refine(async (id) => (id === "second" ? gate.promise : true)) }),
    run: ({ params }) => void calls.push(params.id),
  });
  const { executor, due, publish, until, state, store, clock, pass, close } = await setup({ handlers: [slow] });
  await executor.start();
  const [first] = await due(1, { definition: { handler: "slow", params: { id: "first" } } });
  const [second] = await due(1, { definition: { handler: "slow", params: { id: "second" } } });
  await publish([first!, second!]);
  await until(async () => (await state(first!)).state === "succeeded");
  await store.control.cancel(second!.tenantId, { runId: second!.runId, now: clock.now() });
  await pass(5_000);
  gate.resolve(true);
  await until(async () => (await state(second!)).state === "cancelled");
  expect(calls).toEqual(["first"]);
  await close();
});

test("a handler whose process was suspended until after its lease, while its params were checked, is not called", async () => {
  const gate = Promise.withResolvers<boolean>();
  const checking = Promise.withResolvers<void>();
  let calls = 0;
  const slow = defineHandler({
    type: "slow",
    params: z.object({}).refine(() => {
      checking.resolve();
      return gate.promise;
    }),
    run: () => void (calls += 1),
  });
  const { executor, due, publish, until, state, clock, close } = await setup({ handlers: [slow] });
  await executor.start();
  const [run] = await due(1, { definition: { handler: "slow", params: {} } });
  await publish([run!]);
  await checking.promise;
  clock.standStill(LEASE_MS);
  gate.resolve(true);
  await until(async () => (await state(run!)).state === "due");
  expect(calls).toBe(0);
  expect((await state(run!)).attempts).toMatchObject([{ state: "released" }]);
  await close();
});

test.each<[string, (context: HandlerContext) => unknown]>([
  // oxlint-disable-next-line unicorn/no-thenable -- what is tested is a promise that is not a Promise.
  ["a promise of another kind", () => ({ then: (resolve: (value: string) => void) => resolve("done") })],
  ["text", () => "done"],
  ["a promise", () => Promise.resolve("done")],
])("a handler may return %s", async (_, run) => {
  const { executor, due, publish, until, state, close } = await setup({ run });
  await executor.start();
  const [each] = await due(1);
  await publish([each!]);
  await until(async () => (await state(each!)).state === "succeeded");
  expect((await state(each!)).output).toBe("done");
  await close();
});

test("progress and log lines carry the ids of the run, and progress is logged at most once a second", async () => {
  const held = heldHandler();
  const { executor, due, publish, until, clock, logged, close } = await setup({ run: held.run });
  await executor.start();
  await publish(await due(1));
  await until(() => held.calls.length === 1);
  const { progress, log } = held.calls[0]!;
  progress(0.1);
  log.warn("look at this", { part: 1 });
  clock.advance(500);
  progress(2, "not written");
  clock.advance(500);
  progress(2);
  expect(logged).toEqual(["look at this"]);
  held.finishAll();
  await turns();
  await close();
});
