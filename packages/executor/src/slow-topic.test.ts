import { expect, test } from "@jest/globals";
import { dueTopic } from "@tickline/shared/events/topics";
import { SECOND } from "@tickline/shared/testing/factories";
import { setup } from "./executor.test-support.ts";

test("while no topic but that of due runs answers, runs are claimed, run and settled, and the executor starts and stops", async () => {
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
