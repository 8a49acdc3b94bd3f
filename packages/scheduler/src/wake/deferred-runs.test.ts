import { expect, test } from "@jest/globals";
import type { DueRun } from "@tickline/shared/domain/run/due-run";
import { ALL_SLOTS } from "@tickline/shared/domain/slot";
import { HOUR, MINUTE, SECOND } from "@tickline/shared/testing/factories";
import { newManualFire } from "@tickline/shared/testing/factories-fire";
import type { SchedulerConfig } from "../scheduler-config.ts";
import { setup as setupScheduler } from "../scheduler-under-test.test-support.ts";
import { createDeferredRunsResumer } from "./deferred-runs.ts";

/** A window of eight, of which two are for deferred runs. */
const WINDOW: Partial<SchedulerConfig> = { windowRunsMax: 8 };

function setup(config: Partial<SchedulerConfig> = WINDOW) {
  const scheduler = setupScheduler({ config });
  const { context, store, clock } = scheduler;
  const resumer = createDeferredRunsResumer(context, {
    onFired: () => undefined,
    onPublishable: () => undefined,
    onEnded: () => undefined,
  });
  const publishable = (queue = "default") => store.dueRuns.publishable({ shard: ALL_SLOTS, queue, limit: 1_000 });
  const defer = (runs: readonly DueRun[]) =>
    store.claims.defer({ deferrals: runs.map(({ runId, attempt }) => ({ runId, attempt, reason: "unknown_handler", wakeAt: null })) });
  return {
    ...scheduler,
    resumer,
    publishable,
    defer,
    /** Due runs of a job that an executor has deferred. */
    async deferred(count: number, definition: { readonly handler?: string; readonly queue?: string } = {}) {
      const job = await scheduler.addJob({
        id: `${definition.handler}-${definition.queue}`,
        definition: { overlap: "allow", ...definition },
      });
      const fire = newManualFire(job, { at: clock.now(), keys: Array.from({ length: count }, (_, index) => `key-${index}`) });
      await store.dueJobs.fire({ fires: [fire], now: clock.now(), claimant: null, claimed: [] });
      const runs = await publishable(definition.queue);
      await defer(runs);
      return runs;
    },
    seen: (...types: readonly string[]) =>
      store.handlers.publish(types.map((type) => ({ type, description: null, paramsSchema: {}, lastSeenAt: clock.now() }))),
    async pass(ms: number) {
      for (const endMs = clock.monotonicMs() + ms; clock.monotonicMs() < endMs;)
        clock.advance(Math.min(Math.max(1, await resumer.resume()), endMs - clock.monotonicMs()));
    },
    queued: (runs: readonly DueRun[]) => runs.map(({ runId }) => runId),
  };
}

test("runs are resumed whose handler some executor has; those of a handler that no executor has stay where they are", async () => {
  const { resumer, deferred, publishable, seen, queued } = setup();
  const [known] = [await deferred(1, { handler: "known", queue: "high" }), await deferred(1, { handler: "gone", queue: "high" })];
  await seen("known");
  await resumer.resume();
  expect(queued(await publishable("high"))).toEqual(queued(known));
});

test("without any hint they are resumed within the time between two looks after an executor came that has their handler", async () => {
  const { deferred, publishable, seen, pass, context } = setup();
  await deferred(1, { handler: "late" });
  await pass(MINUTE);
  expect(await publishable()).toEqual([]);
  await seen("late");
  await pass(context.config.deferredMs);
  expect(await publishable()).toHaveLength(1);
});

test("with a hint they are resumed at the next step", async () => {
  const { resumer, deferred, publishable, seen } = setup();
  await deferred(1, { handler: "late" });
  await resumer.resume();
  await seen("late");
  expect(await publishable()).toEqual([]);
  resumer.handlersChanged();
  await resumer.resume();
  expect(await publishable()).toHaveLength(1);
});

test("a handler that no executor was seen with lately counts as missing", async () => {
  const { deferred, publishable, seen, pass, clock, context } = setup();
  await deferred(1, { handler: "gone" });
  await seen("gone");
  clock.advance(context.config.handlerSeenMs + 1);
  await pass(MINUTE);
  expect(await publishable()).toEqual([]);
});

test("a handler that was seen by a clock which was ahead counts as missing, until it is seen by the right one", async () => {
  const { deferred, publishable, seen, pass, context, clock, queued } = setup();
  const runs = await deferred(1, { handler: "known" });
  clock.jumpTo(clock.now() + HOUR);
  await seen("known");
  clock.jumpTo(clock.now() - HOUR);
  await pass(2 * context.config.deferredMs);
  expect(await publishable()).toEqual([]);
  await seen("known");
  await pass(2 * context.config.deferredMs);
  expect(queued(await publishable())).toEqual(queued(runs));
});

test("resumed runs that can never be published, as their definition is lost, keep no others from being resumed", async () => {
  const { addJob, store, defer, deferred, publishable, seen, pass, queued, clock } = setup();
  const job = await addJob({ id: "lost", definition: { overlap: "allow", handler: "lost" } });
  const keys = Array.from({ length: 6 }, (_, index) => `key-${index}`);
  await store.dueJobs.fire({ fires: [newManualFire(job, { at: clock.now(), keys })], now: clock.now(), claimant: null, claimed: [] });
  await defer(await publishable());
  Object.assign(job.definition, { schedule: "torn" }); // The store holds this very object.
  expect((await store.dueJobs.read([job.uid]))[0]?.unreadable).toBeDefined();
  clock.advance(1); // They are older.
  const good = await deferred(1, { handler: "known" });
  await seen("lost", "known");
  await pass(30 * SECOND);
  expect(queued(await publishable())).toEqual(queued(good));
});

test("no more than a share of the window are resumed and unclaimed at a time, the oldest first, and each is resumed in the end", async () => {
  const { deferred, publishable, seen, pass, defer, store, clock, queued } = setup();
  const runs = await deferred(6, { handler: "partly" });
  const turns: string[] = [];
  for (let turn = 0; turn < 20; turn += 1) {
    await seen("partly");
    await pass(5 * SECOND);
    const waiting = await publishable();
    expect(waiting.length).toBeLessThanOrEqual(2);
    turns.push(...queued(waiting));
    await store.dueRuns.published({ runs: waiting, now: clock.now(), repeatMs: MINUTE, repeatMsMax: MINUTE });
    await pass(SECOND);
    expect(await publishable()).toEqual([]);
    await defer(waiting); // It was received by an executor without the handler.
  }
  expect(turns.slice(0, 6)).toEqual(queued(runs));
  expect(turns.length).toBeGreaterThan(6);
});

test("queues do not wait for each other: resumed runs of one that no executor claims delay none of another", async () => {
  const { deferred, publishable, seen, pass, store, clock } = setup();
  await deferred(4, { handler: "partly", queue: "low" });
  await deferred(4, { handler: "partly", queue: "high" });
  await seen("partly");
  await pass(5 * SECOND);
  expect([(await publishable("low")).length, (await publishable("high")).length]).toEqual([2, 2]);
  const claimed = await publishable("high");
  await store.claims.claim({ runs: claimed, claimant: { executor: "e1", token: "t1", leaseMs: MINUTE }, now: clock.now(), firedAfter: 0 });
  await pass(5 * SECOND);
  expect([(await publishable("low")).length, (await publishable("high")).length]).toEqual([2, 2]);
});

test("after a long walk through runs that are deferred repeatedly the queue pauses most of the time", async () => {
  const { deferred, publishable, seen, pass, defer } = setup();
  await deferred(40, { handler: "partly" });
  let resumed = 0;
  for (let second = 0; second < 200; second += 1) {
    await seen("partly");
    await pass(SECOND);
    const waiting = await publishable();
    resumed += waiting.length;
    await defer(waiting);
  }
  expect(resumed).toBeGreaterThan(40);
  expect(resumed).toBeLessThan(200);
});

test("the metric names a queue while runs of it wait for a handler", async () => {
  const { resumer, deferred, registry, seen, pass } = setup();
  const reported = async () =>
    (await registry.getSingleMetric("tickline_queue_without_handler")?.get())?.values.map(({ labels }) => labels["queue"]);
  await deferred(1, { handler: "late", queue: "low" });
  await resumer.resume();
  expect(await reported()).toEqual(["low"]);
  await seen("late");
  await pass(11 * SECOND);
  expect(await reported()).toEqual([]);
});
