import { expect, test } from "@jest/globals";
import type { DueRun } from "@tickline/shared/domain/due-run";
import { ALL_SLOTS } from "@tickline/shared/domain/slot";
import { manualFireOf } from "@tickline/shared/testing/factories-fire";
import { createQueuePublisher } from "./queue-publisher.ts";
import { setup as setupScheduler } from "./scheduler-under-test.test-support.ts";

/** The publisher of `default`, of whose rounds the test calls each. */
async function setup({ window = 10, runsMax = 10, runs = 3 } = {}) {
  const scheduler = setupScheduler({ config: { windowRunsMax: window, publishRunsMax: runsMax } });
  const { context, store, clock, published } = scheduler;
  let looks = 0;
  const queue = createQueuePublisher(context, {
    queue: "default",
    lookSoon: () => (looks += 1),
    note: () => undefined,
    noteAll: () => Promise.resolve(),
  });
  const job = await scheduler.addJob({ definition: { overlap: "allow" } });
  const fire = manualFireOf(job, { at: clock.now(), keys: Array.from({ length: runs }, (_, index) => `key-${index}`) });
  await store.dueJobs.fire({ fires: [fire], now: clock.now(), claimant: null, claimed: [] });
  return {
    queue,
    /** Oldest first, as the store has them. */
    runs: (await store.dueRuns.publishable({ shard: ALL_SLOTS, queue: "default", limit: 10 })) as [DueRun, DueRun, DueRun],
    looks: () => looks,
    publishedRuns: () => published.splice(0).flatMap((event) => (event.type === "JobDue" ? [event.data.runId] : [])),
  };
}

const idsOf = (...runs: readonly DueRun[]) => runs.map(({ runId }) => runId);

test("fired runs are published once", async () => {
  const { queue, runs, publishedRuns } = await setup();
  expect(queue.fired(runs)).toBe(true);
  expect(await queue.publish()).toBe(3);
  expect(publishedRuns()).toEqual(idsOf(...runs));
  expect(await queue.publish()).toBe(0);
});

test("what has no room in the window is left, and looked for", async () => {
  const { queue, runs, publishedRuns, looks } = await setup({ window: 2 });
  queue.fired(runs);
  expect(await queue.publish()).toBe(2);
  expect([publishedRuns(), looks()]).toEqual([idsOf(runs[0], runs[1]), 1]);
});

test("more than may be published at once are not kept, and that is said", async () => {
  const { queue, runs } = await setup({ runsMax: 2 });
  expect(queue.fired([runs[0]])).toBe(true);
  expect(queue.fired([runs[1], runs[2]])).toBe(false);
  expect(await queue.publish()).toBe(2);
});

test("behind a closed window nothing is taken, and need not be looked for: older runs may wait, and go first", async () => {
  const { queue, runs, publishedRuns, looks } = await setup({ window: 1 });
  queue.looked({ unclaimed: 0, suspects: 0, waits: true });
  expect(await queue.publish()).toBe(1);
  publishedRuns();
  expect(queue.fired([runs[2]])).toBe(true);
  expect(await queue.publish()).toBe(0);
  expect([publishedRuns(), looks()]).toEqual([[], 0]);
  queue.claimed(runs[0]);
  queue.window.looking();
  queue.looked({ unclaimed: 0, suspects: 0, waits: false });
  queue.fired([runs[2]]);
  await queue.publish();
  expect(publishedRuns()).toEqual(idsOf(runs[2]));
});

test("a run that a look has met before its fire was answered is not published twice", async () => {
  const { queue, runs, publishedRuns } = await setup();
  queue.looked({ unclaimed: 0, suspects: 0, waits: true });
  await queue.publish();
  queue.fired(runs);
  await queue.publish();
  expect(publishedRuns()).toEqual(idsOf(...runs));
});

test("what is claimed before its turn is not published", async () => {
  const { queue, runs, publishedRuns } = await setup();
  queue.fired(runs);
  queue.claimed(runs[0]);
  await queue.publish();
  expect(publishedRuns()).toEqual(idsOf(runs[1], runs[2]));
});
