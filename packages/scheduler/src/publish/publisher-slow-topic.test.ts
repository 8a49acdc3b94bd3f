import { expect, test } from "@jest/globals";
import type { Bus } from "@tickline/shared/ports/bus";
import type { Clock } from "@tickline/shared/ports/clock";
import { SECOND } from "@tickline/shared/testing/factories";
import { SCHEDULER_DEFAULTS } from "../scheduler-config.ts";
import { setup as setupPublisher, untilQuiet } from "./publisher-under-test.test-support.ts";

interface SlowTopic {
  /** What a publish to the topic of queue `low` comes to. */
  publish: (clock: Clock) => Promise<void>;
}

const never = (): Promise<void> => new Promise(() => undefined);
const failingAfter30s = (clock: Clock): Promise<void> =>
  new Promise((_, reject) => clock.setTimer(30 * SECOND, () => reject(new Error("no answer"))));

function setup(topic: SlowTopic) {
  const slow = (bus: Bus): Bus => ({
    ...bus,
    publish: (name, events) => (name.endsWith(".low") ? topic.publish(parts.clock) : bus.publish(name, events)),
  });
  const parts = setupPublisher({ bus: slow });
  const { publisher, fire, clock, publishedRuns } = parts;
  return {
    ...parts,
    queues: () => publishedRuns().map(({ queue }) => queue),
    async begin() {
      await publisher.start();
      await untilQuiet();
      publisher.fired(await fire(1, () => "low"));
      await untilQuiet();
    },
    async end() {
      const stopped = publisher.stop();
      await untilQuiet();
      clock.advance(SCHEDULER_DEFAULTS.publishStopMs);
      await stopped;
    },
    async pass(ms: number) {
      clock.advance(ms);
      await untilQuiet();
    },
  };
}

test.each([
  ["never answers", never],
  ["refuses after 30 s, again and again", failingAfter30s],
])("while one topic %s, what is fired of another queue is published in the same instant", async (_, publish) => {
  const { publisher, fire, begin, pass, end, queues } = setup({ publish });
  await begin();
  for (let second = 1; second <= 35; second += 1) {
    await pass(SECOND);
    publisher.fired(await fire(2, (index) => (index === 0 ? "low" : "high")));
    await untilQuiet();
    expect(queues()).toHaveLength(second);
  }
  expect(new Set(queues())).toEqual(new Set(["high"]));
  await end();
});

test("while one topic never answers, what waits in the store of other queues is found and published", async () => {
  const { fire, begin, pass, end, queues, store, clock } = setup({ publish: never });
  await begin();
  await pass(SECOND);
  await fire(3, () => "high");
  await pass(SECOND);
  expect(queues()).toEqual(["high", "high", "high"]);
  // Noted as well, so that they are repeated in their time and not at each poll.
  await pass(SECOND);
  expect(await store.dueRuns.unclaimed({ from: 0, to: 1_024 })).toEqual({ high: 3 });
  await store.dueRuns.wake({ shard: { from: 0, to: 1_024 }, now: clock.now() + SCHEDULER_DEFAULTS.repeatMs, limit: 10 });
  await pass(SECOND);
  expect(queues()).toHaveLength(6);
  await end();
});

test("a topic that answers again is published to, each run once", async () => {
  const topic: SlowTopic = { publish: failingAfter30s };
  const { publisher, fire, begin, pass, queues } = setup(topic);
  await begin();
  publisher.fired(await fire(2, () => "low"));
  await pass(SECOND);
  topic.publish = () => Promise.resolve();
  for (let second = 0; second < 31; second += 1) await pass(SECOND);
  publisher.fired(await fire(1, () => "high"));
  await untilQuiet();
  expect(queues()).toEqual(["high"]);
  await publisher.stop();
});

test("a scheduler that stops leading does not wait for a topic that never answers, and leads again as if it had answered", async () => {
  const topic: SlowTopic = { publish: never };
  const { publisher, begin, pass, end, clock, fire, queues } = setup(topic);
  await begin();
  let stopped = false;
  const stopping = publisher.stop().then(() => (stopped = true));
  await untilQuiet();
  await pass(SCHEDULER_DEFAULTS.publishStopMs - 1);
  expect(stopped).toBe(false);
  await pass(1);
  expect(stopped).toBe(true);
  await stopping;
  expect(clock.timers).toBe(0);
  await publisher.start();
  await untilQuiet();
  publisher.fired(await fire(1, () => "high"));
  await untilQuiet();
  expect(queues()).toEqual(["high"]);
  await end();
});
