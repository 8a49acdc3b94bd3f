import { expect, test } from "@jest/globals";
import type { DueRun } from "@tickline/shared/domain/run/due-run";
import { ALL_SLOTS } from "@tickline/shared/domain/slot";
import type { Bus } from "@tickline/shared/ports/bus";
import type { Store } from "@tickline/shared/ports/store/store";
import { SECOND } from "@tickline/shared/testing/factories";
import { SCHEDULER_DEFAULTS } from "../scheduler-config.ts";
import { setup, untilQuiet, watchedStore } from "./publisher-under-test.test-support.ts";

const byId = (runs: readonly DueRun[]) => [...runs].sort((left, right) => left.runId.localeCompare(right.runId));

test("a run that was just fired is published as the store has it, without asking the store", async () => {
  const { asked, store: wrap } = watchedStore();
  const { publisher, fire, publishedRuns, store, clock } = setup({ store: wrap });
  await publisher.start();
  await untilQuiet();
  const runs = await fire(3);
  const stored = await store.dueRuns.publishable({ shard: ALL_SLOTS, queue: "default", limit: 10 });
  asked.length = 0;
  publisher.fired(runs);
  await untilQuiet();
  expect(byId(publishedRuns())).toEqual(byId(stored));
  expect(asked).toEqual([]);
  clock.advance(SCHEDULER_DEFAULTS.noteMs);
  await untilQuiet();
  expect(await store.dueRuns.unclaimed(ALL_SLOTS)).toEqual({ default: 3 });
  await publisher.stop();
});

test("where the window takes only some of the runs that were just fired, it takes the most urgent", async () => {
  const { publisher, fire, publishedRuns } = setup({ config: { windowRunsMax: 3 } });
  await publisher.start();
  await untilQuiet();
  const runs = await fire(10, undefined, (index) => index);
  publisher.fired(runs.toReversed());
  await untilQuiet();
  expect(publishedRuns().map(({ priority }) => priority)).toEqual([9, 8, 7]);
  await publisher.stop();
});

test("a run that was just fired waits for the first poll of a new leader, and is published once", async () => {
  const { publisher, fire, publishedRuns } = setup();
  publisher.fired(await fire(2));
  await publisher.start();
  await untilQuiet();
  expect(publishedRuns()).toHaveLength(2);
  await publisher.stop();
});

test("a run that was just fired is published once when a poll finds it first", async () => {
  const { once, store } = watchedStore();
  const { publisher, fire, publishedRuns } = setup({ store });
  await publisher.start();
  await untilQuiet();
  once.before = async () => publisher.fired(await fire(2));
  publisher.wake();
  await untilQuiet();
  expect(publishedRuns()).toHaveLength(2);
  await publisher.stop();
});

test("a run that was just fired and that the bus refused is found by the next poll", async () => {
  let refusals = 0;
  const refusing = (bus: Bus): Bus => ({
    ...bus,
    publish: (topic, events) => ((refusals -= 1) >= 0 ? Promise.reject(new Error("no broker")) : bus.publish(topic, events)),
  });
  const { publisher, fire, publishedRuns, clock } = setup({ bus: refusing });
  await publisher.start();
  await untilQuiet();
  refusals = 1;
  publisher.fired(await fire(2));
  await untilQuiet();
  expect(publishedRuns()).toEqual([]);
  clock.advance(SECOND);
  await untilQuiet();
  expect(publishedRuns()).toHaveLength(2);
  await publisher.stop();
});

test("a run that was just fired and could not be noted at first is noted before the next poll, and not published again", async () => {
  let faults = 1;
  const forgetful = ({ dueRuns, ...inner }: Store): Store => ({
    ...inner,
    dueRuns: {
      ...dueRuns,
      published: (request) => ((faults -= 1) >= 0 ? Promise.reject(new Error("no store")) : dueRuns.published(request)),
    },
  });
  const { publisher, fire, publishedRuns, store, clock } = setup({ store: forgetful });
  await publisher.start();
  await untilQuiet();
  publisher.fired(await fire(1));
  await untilQuiet();
  clock.advance(SCHEDULER_DEFAULTS.noteMs);
  await untilQuiet();
  clock.advance(SECOND);
  await untilQuiet();
  expect(publishedRuns()).toHaveLength(1);
  expect(await store.dueRuns.unclaimed(ALL_SLOTS)).toEqual({ default: 1 });
  await publisher.stop();
});

test("a run that was just fired is published after the older runs of its queue, and before those of another queue", async () => {
  const { publisher, fire, publishedRuns, store, clock } = setup({ config: { windowRunsMax: 2, publishPollMs: 60 * SECOND } });
  const older = await fire(4);
  await publisher.start();
  await untilQuiet();
  clock.advance(SECOND);
  publisher.fired(await fire(2, (index) => (index === 0 ? "default" : "high")));
  await untilQuiet();
  expect(publishedRuns().map(({ queue }) => queue)).toEqual(["default", "default", "high"]);
  const claimant = { executor: "e1", token: "t1", leaseMs: 15 * SECOND };
  const runs = publishedRuns();
  await store.claims.claim({ runs, claimant, now: clock.now(), firedAfter: 0 });
  for (const run of runs) publisher.claimed(run.queue, run);
  await untilQuiet();
  const published = publishedRuns().filter(({ queue }) => queue === "default");
  expect(byId(published)).toEqual(byId(older));
  await publisher.stop();
});

test("a run that was just fired is not published while another scheduler leads", async () => {
  let leading = true;
  const { publisher, fire, publishedRuns } = setup({ leads: () => leading });
  await publisher.start();
  await untilQuiet();
  const runs = await fire(1);
  leading = false;
  publisher.fired(runs);
  await untilQuiet();
  expect(publishedRuns()).toEqual([]);
  await publisher.stop();
});

test("a run that is claimed at once is never noted as published", async () => {
  const noted: string[] = [];
  const watched = ({ dueRuns, ...inner }: Store): Store => ({
    ...inner,
    dueRuns: {
      ...dueRuns,
      async published(request) {
        noted.push(...request.runs.map(({ runId }) => runId));
        await dueRuns.published(request);
      },
    },
  });
  const { publisher, fire, clock } = setup({ store: watched });
  await publisher.start();
  await untilQuiet();
  const [claimed, unclaimed] = (await fire(2)) as [DueRun, DueRun];
  publisher.fired([claimed, unclaimed]);
  await untilQuiet();
  publisher.claimed("default", claimed);
  clock.advance(SCHEDULER_DEFAULTS.noteMs);
  await untilQuiet();
  expect(noted).toEqual([unclaimed.runId]);
  await publisher.stop();
});

test("a run that was just fired is published though its queue has been full: a poll under way does not miss it", async () => {
  const { once, store: wrap } = watchedStore();
  const config = { windowRunsMax: 1, publishPollMs: 60 * SECOND };
  const { publisher, fire, publishedRuns, store, clock } = setup({ store: wrap, config });
  await fire(1);
  await publisher.start();
  await untilQuiet();
  const runs = publishedRuns();
  await store.claims.claim({ runs, claimant: { executor: "e1", token: "t1", leaseMs: 15 * SECOND }, now: clock.now(), firedAfter: 0 });
  clock.advance(SECOND);
  once.after = async () => publisher.fired(await fire(1));
  for (const run of runs) publisher.claimed(run.queue, run);
  await untilQuiet();
  expect(publishedRuns()).toHaveLength(2);
  await publisher.stop();
});
