import { expect, test } from "@jest/globals";
import type { Bus } from "@tickline/shared/ports/bus";
import { SECOND } from "@tickline/shared/testing/factories";
import { createPublisher } from "./publisher.ts";
import { setup as setupScheduler, type SetupOptions } from "./scheduler-under-test.test-support.ts";
import { createTicker } from "./ticker.ts";

function setup({ jobs, bus, ...options }: SetupOptions & { readonly jobs: number; readonly bus?: (bus: Bus) => Bus }) {
  const scheduler = setupScheduler(options);
  const context = bus === undefined ? scheduler.context : { ...scheduler.context, bus: bus(scheduler.context.bus) };
  const ticker = createTicker(context, { onPublishable: () => undefined, onEnded: () => undefined });
  return {
    ...scheduler,
    publisher: createPublisher(context),
    async fireAll() {
      for (let index = 0; index < jobs; index += 1)
        await scheduler.addJob({ id: `job-${index}`, definition: { queue: index % 2 === 0 ? "default" : "high" } });
      await ticker.readAhead();
      await ticker.tick();
    },
  };
}

test("due runs are published once, with all an executor needs", async () => {
  const { publisher, fireAll, published } = setup({ jobs: 3 });
  await fireAll();
  expect(await publisher.publish()).toBe(3);
  expect(await publisher.publish()).toBe(0);
  const [event] = published;
  expect(event?.type === "JobDue" && [event.data.handler, event.data.attempt, event.data.params]).toEqual([
    "http",
    1,
    { url: "http://127.0.0.1/ping" },
  ]);
});

test("no queue has more unclaimed runs on the bus than its window, and none fills another's", async () => {
  const { publisher, fireAll, published } = setup({ jobs: 12, config: { windowRunsMax: 4, publishRunsMax: 3 } });
  await fireAll();
  expect(await publisher.publish()).toBe(8);
  expect(await publisher.publish()).toBe(0);
  const queues = published.map((event) => (event.type === "JobDue" ? event.data.queue : ""));
  expect(queues.filter((queue) => queue === "default")).toHaveLength(4);
  expect(queues.filter((queue) => queue === "high")).toHaveLength(4);
});

test("claims make room in the window", async () => {
  const { publisher, fireAll, published, store, clock } = setup({ jobs: 4, config: { windowRunsMax: 1 } });
  await fireAll();
  await publisher.publish();
  const runs = published.flatMap((event) => (event.type === "JobDue" ? [event.data] : []));
  const claimant = { executor: "e1", token: "t1", leaseMs: 15 * SECOND };
  await store.claims.claim({ runs, claimant, now: clock.now(), firedAfter: 0 });
  expect(await publisher.publish()).toBe(2);
});

test("a run the bus refused stays publishable", async () => {
  let refusals = 1;
  const refusing = (bus: Bus): Bus => ({
    ...bus,
    publish: (topic, events) => ((refusals -= 1) >= 0 ? Promise.reject(new Error("no broker")) : bus.publish(topic, events)),
  });
  const { publisher, fireAll } = setup({ jobs: 1, bus: refusing });
  await fireAll();
  await expect(publisher.publish()).rejects.toThrow("no broker");
  expect(await publisher.publish()).toBe(1);
});

test("nothing is published while somebody else leads", async () => {
  let leading = true;
  const { publisher, fireAll } = setup({ jobs: 1, leads: () => leading });
  await fireAll();
  leading = false;
  expect(await publisher.publish()).toBe(0);
});
