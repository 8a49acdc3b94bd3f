import { expect, test } from "@jest/globals";
import type { DueRun } from "@tickline/shared/domain/run/due-run";
import type { Bus } from "@tickline/shared/ports/bus";
import { SECOND } from "@tickline/shared/testing/factories";
import { setup, untilQuiet, watchedStore } from "./publisher-under-test.test-support.ts";

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
  expect(await publisher.publish()).toBe(0);
  expect(await publisher.publish()).toBe(1);
});

test("nothing is published while another scheduler leads", async () => {
  let leading = true;
  const { publisher, fireAll } = setup({ jobs: 1, leads: () => leading });
  await fireAll();
  leading = false;
  expect(await publisher.publish()).toBe(0);
});

/** A bus that reports what is published before it answers, as a hint of a claim may come before the publisher continues. */
const reportingBus =
  (report: (runs: readonly DueRun[]) => void) =>
  (bus: Bus): Bus => ({
    ...bus,
    async publish(topic, events) {
      report(events.flatMap((event) => (event.type === "JobDue" ? [event.data] : [])));
      await bus.publish(topic, events);
    },
  });

test("hints of claims that come while a window is filled do not overfill it", async () => {
  const config = { windowRunsMax: 2, publishRunsMax: 1 };
  let onPublish: (runs: readonly DueRun[]) => void = () => undefined;
  const { publisher, fireAll } = setup({ jobs: 12, config, bus: reportingBus((runs) => onPublish(runs)) });
  onPublish = (runs) => {
    // Of runs that their fire claimed, and of some that the store's count may have left out already.
    publisher.claimed("default", { runId: "claimed-by-its-fire", attempt: 1 });
    for (const run of runs) publisher.claimed(run.queue, run);
  };
  await fireAll();
  expect(await publisher.publish()).toBe(4);
});

test("claims of runs that were never published cause no poll", async () => {
  const { asked, store } = watchedStore();
  const polls = (): number => asked.filter((question) => question === "queues").length;
  const { publisher, fireAll, published } = setup({ jobs: 8, config: { windowRunsMax: 2 }, store });
  await fireAll();
  await publisher.start();
  await untilQuiet();
  expect(polls()).toBe(1);
  for (let run = 0; run < 10; run += 1) publisher.claimed("default", { runId: `claimed-by-its-fire-${run}`, attempt: 1 });
  await untilQuiet();
  expect(polls()).toBe(1);
  for (const event of published) if (event.type === "JobDue") publisher.claimed(event.data.queue, event.data);
  await untilQuiet();
  expect(polls()).toBeGreaterThan(1);
  await publisher.stop();
});

test("a window that empties as fast as it is filled is filled again at once", async () => {
  let claim: (runs: readonly DueRun[]) => void = () => undefined;
  const { publisher, fireAll, published, store, clock } = setup({
    jobs: 40,
    config: { windowRunsMax: 2, publishPollMs: 60 * SECOND },
    bus: reportingBus((runs) => claim(runs)),
  });
  let claims = 0;
  claim = (runs) => {
    claims += 1;
    const claimant = { executor: "e1", token: `t${claims}`, leaseMs: 15 * SECOND };
    void store.claims.claim({ runs, claimant, now: clock.now(), firedAfter: 0 });
    for (const run of runs) publisher.claimed(run.queue, run);
  };
  await fireAll();
  await publisher.start();
  await untilQuiet();
  expect(published.filter(({ type }) => type === "JobDue")).toHaveLength(40);
  await publisher.stop();
});

test("a leader without unclaimed runs on the bus reads only whether runs wait", async () => {
  const { asked, store } = watchedStore();
  const { publisher, clock } = setup({ store, config: { publishPollMs: SECOND } });
  await publisher.start();
  await untilQuiet();
  expect(asked.sort()).toEqual(["queues", "unclaimed"]);
  asked.length = 0;
  clock.advance(SECOND);
  await untilQuiet();
  expect(asked).toEqual(["queues"]);
  await publisher.stop();
});
