import { expect, test } from "@jest/globals";
import type { DueRun } from "@tickline/shared/domain/run/due-run";
import { ALL_SLOTS } from "@tickline/shared/domain/slot";
import { newManualFire } from "@tickline/shared/testing/factories-fire";
import type { Bus } from "@tickline/shared/ports/bus";
import { setup as setupScheduler } from "../scheduler-under-test.test-support.ts";
import { createQueuePublisher } from "./queue-publisher.ts";

/** The publisher of `default`, of whose rounds the test calls each. */
async function setup({ window = 10, runsMax = 10, runs = 3 } = {}) {
  const scheduler = setupScheduler({ config: { windowRunsMax: window, publishRunsMax: runsMax } });
  const { store, clock, published } = scheduler;
  const bus = { fails: false, claimsAtOnce: false };
  const publish: Bus["publish"] = async (topic, events) => {
    if (bus.fails) throw new Error("no broker");
    for (const event of events) if (bus.claimsAtOnce && event.type === "JobDue") queue.claimed(event.data);
    await scheduler.context.bus.publish(topic, events);
  };
  const context = { ...scheduler.context, bus: { ...scheduler.context.bus, publish } };
  let polls = 0;
  const queue = createQueuePublisher(context, {
    queue: "default",
    pollSoon: () => (polls += 1),
    notes: { add: () => undefined, flush: () => Promise.resolve() },
  });
  const job = await scheduler.addJob({ definition: { overlap: "allow" } });
  const fire = newManualFire(job, { at: clock.now(), keys: Array.from({ length: runs }, (_, index) => `key-${index}`) });
  await store.dueJobs.fire({ fires: [fire], now: clock.now(), claimant: null, claimed: [] });
  return {
    queue,
    /** Oldest first, as the store has them. */
    runs: (await store.dueRuns.publishable({ shard: ALL_SLOTS, queue: "default", limit: 10 })) as [DueRun, DueRun, DueRun],
    bus,
    polls: () => polls,
    publishedRuns: () => published.splice(0).flatMap((event) => (event.type === "JobDue" ? [event.data.runId] : [])),
  };
}

const pickIds = (...runs: readonly DueRun[]) => runs.map(({ runId }) => runId);

test("fired runs are published once", async () => {
  const { queue, runs, publishedRuns } = await setup();
  expect(queue.fired(runs)).toBe(true);
  expect(await queue.publish()).toBe(3);
  expect(publishedRuns()).toEqual(pickIds(...runs));
  expect(await queue.publish()).toBe(0);
});

test("what has no room in the window is left, and found by a poll", async () => {
  const { queue, runs, publishedRuns, polls } = await setup({ window: 2 });
  queue.fired(runs);
  expect(await queue.publish()).toBe(2);
  expect([publishedRuns(), polls()]).toEqual([pickIds(runs[0], runs[1]), 1]);
});

test("more runs than may be published at once are not kept, and the caller is notified", async () => {
  const { queue, runs } = await setup({ runsMax: 2 });
  expect(queue.fired([runs[0]])).toBe(true);
  expect(queue.fired([runs[1], runs[2]])).toBe(false);
  expect(await queue.publish()).toBe(2);
});

test("behind a closed window nothing is taken, and needs no poll of its own: older runs may wait, and go first", async () => {
  const { queue, runs, publishedRuns, polls } = await setup({ window: 1 });
  queue.polled({ unclaimed: 0, quarantined: 0, hasPublishable: true });
  expect(await queue.publish()).toBe(1);
  publishedRuns();
  expect(queue.fired([runs[2]])).toBe(true);
  expect(await queue.publish()).toBe(0);
  expect([publishedRuns(), polls()]).toEqual([[], 0]);
  queue.claimed(runs[0]);
  queue.polling();
  queue.polled({ unclaimed: 0, quarantined: 0, hasPublishable: false });
  queue.fired([runs[2]]);
  await queue.publish();
  expect(publishedRuns()).toEqual(pickIds(runs[2]));
});

test("a run that a poll has found before its fire was answered is not published twice", async () => {
  const { queue, runs, publishedRuns } = await setup();
  queue.polled({ unclaimed: 0, quarantined: 0, hasPublishable: true });
  await queue.publish();
  queue.fired(runs);
  await queue.publish();
  expect(publishedRuns()).toEqual(pickIds(...runs));
});

test("a run that is claimed before it is reached is not published", async () => {
  const { queue, runs, publishedRuns } = await setup();
  queue.fired(runs);
  queue.claimed(runs[0]);
  await queue.publish();
  expect(publishedRuns()).toEqual(pickIds(runs[1], runs[2]));
});

test("behind a full window a poll is asked for once half of it is claimed, at once if it is already", async () => {
  const { queue, runs, polls } = await setup({ window: 4, runs: 6 });
  queue.polled({ unclaimed: 0, quarantined: 0, hasPublishable: true });
  expect(await queue.publish()).toBe(4);
  queue.claimed(runs[0]);
  expect(polls()).toBe(0);
  queue.claimed(runs[1]);
  expect(polls()).toBe(1);

  const fast = await setup({ window: 4, runs: 6 });
  fast.bus.claimsAtOnce = true;
  fast.queue.polled({ unclaimed: 0, quarantined: 0, hasPublishable: true });
  expect(await fast.queue.publish()).toBe(4);
  expect(fast.polls()).toBe(1);
});

test("behind a bus that takes nothing no run is published until the next poll, and no poll is asked for", async () => {
  const { queue, runs, bus, publishedRuns, polls } = await setup();
  bus.fails = true;
  queue.fired([runs[0]]);
  expect(await queue.publish()).toBe(0);
  bus.fails = false;
  queue.polled({ unclaimed: 0, quarantined: 0, hasPublishable: false });
  expect(queue.fired([runs[1]])).toBe(true);
  expect(await queue.publish()).toBe(0);
  queue.polling();
  queue.fired([runs[1]]);
  expect(await queue.publish()).toBe(1);
  expect([publishedRuns(), polls()]).toEqual([pickIds(runs[1]), 0]);
});
