import { expect, test } from "@jest/globals";
import type { SubscribeRequest, Subscription } from "@tickline/shared/ports/bus";
import { CONTROL_TOPIC, dueTopic } from "@tickline/shared/events/topics";
import { SUBSCRIBE_MS_MAX } from "@tickline/shared/runtime/service/lasting-subscription";
import { SECOND } from "@tickline/shared/testing/factories";
import { heldHandler, setup, turns } from "../executor.test-support.ts";

test("while only the topics of due runs answer, runs are claimed, run and settled, and the executor starts and stops", async () => {
  const { executor, bus, due, publish, pass, states, close } = await setup();
  const { publish: said } = bus;
  Object.assign(bus, {
    publish: (topic: string, events: never) => (topic === dueTopic("default") ? said(topic, events) : new Promise(() => undefined)),
  });
  await executor.start();
  for (let second = 0; second < 10; second += 1) {
    const runs = await due(20);
    await publish(runs);
    await pass(SECOND);
    expect(new Set(await states(runs))).toEqual(new Set(["succeeded"]));
  }
  await close();
});

test("a topic that cannot be read when the executor starts does not affect other queues", async () => {
  const { executor, bus, due, publish, pass, states, close } = await setup();
  const { subscribe } = bus;
  const unread = [CONTROL_TOPIC, dueTopic("high")];
  Object.assign(bus, {
    subscribe: (request: SubscribeRequest) =>
      request.topics.some((topic) => unread.includes(topic)) ? new Promise(() => undefined) : subscribe(request),
  });
  const started = executor.start();
  await turns();
  const runs = await due(20);
  await publish(runs);
  await pass(SUBSCRIBE_MS_MAX); // So long a topic may still be refused, and nothing is claimed by a start that fails.
  await started;
  await pass(SECOND);
  expect(new Set(await states(runs))).toEqual(new Set(["succeeded"]));
  await close();
});

test("a subscription that cannot be stopped delays neither handlers nor the stop of the executor", async () => {
  const { run, calls, finish } = heldHandler();
  const { executor, bus, due, publish, pass, states, clock } = await setup({ run });
  const { subscribe } = bus;
  Object.assign(bus, {
    subscribe: async (request: SubscribeRequest): Promise<Subscription> => ({
      ...(await subscribe(request)),
      stop: () => new Promise(() => undefined),
    }),
  });
  await executor.start();
  const runs = await due(1);
  await publish(runs);
  await pass(SECOND);
  expect(calls).toHaveLength(1);
  let stopped = false;
  void executor.stop().then(() => (stopped = true));
  await pass(SECOND);
  finish(calls[0]?.runId ?? "");
  await turns();
  expect(await states(runs)).toEqual(["succeeded"]);
  await pass(10 * SECOND);
  expect(stopped).toBe(true);
  expect(clock.timers).toBe(0);
});
