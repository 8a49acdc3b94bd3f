import { expect, test } from "@jest/globals";
import type { Bus } from "@tickline/shared/ports/bus";
import type { Store } from "@tickline/shared/ports/store";
import { SECOND } from "@tickline/shared/testing/factories";
import { setup, untilQuiet } from "./publisher-under-test.test-support.ts";

/** A bus that has no topic for the queue `default`. */
const withoutDefault = (bus: Bus): Bus => ({
  ...bus,
  publish: (topic, events) => (topic.endsWith(".default") ? Promise.reject(new Error("no topic")) : bus.publish(topic, events)),
});
const mixed = (index: number): string => (index % 2 === 0 ? "default" : "high");

test("a queue whose topic is missing holds up no other, whether its runs were fired or looked for", async () => {
  const { publisher, fire, publishedRuns, clock } = setup({ bus: withoutDefault });
  await fire(2, mixed);
  await publisher.start();
  await untilQuiet();
  expect(publishedRuns().map(({ queue }) => queue)).toEqual(["high"]);
  clock.advance(10 * SECOND); // The round that failed is over, and what it waited.
  await untilQuiet();
  publisher.fired(await fire(2, mixed));
  clock.advance(10 * SECOND);
  await untilQuiet();
  expect(publishedRuns().map(({ queue }) => queue)).toEqual(["high", "high"]);
  // Nobody tells of this one: while the other queue goes on failing, a look has to find it.
  await fire(1, () => "high");
  for (let second = 0; second < 10; second += 1) {
    publisher.fired(await fire(1));
    clock.advance(SECOND);
    await untilQuiet();
  }
  expect(publishedRuns().map(({ queue }) => queue)).toEqual(["high", "high", "high"]);
  await publisher.stop();
});

test("a store that takes no notes is given no run twice in one round, and the next round waits", async () => {
  const noteless = ({ dueRuns, ...inner }: Store): Store => ({
    ...inner,
    dueRuns: { ...dueRuns, published: () => Promise.reject(new Error("no notes")) },
  });
  const { publisher, fire, publishedRuns } = setup({ store: noteless, config: { publishRunsMax: 2 } });
  await fire(6);
  await expect(publisher.publish()).rejects.toMatchObject({ code: "store_unavailable", retryable: true });
  expect(publishedRuns()).toHaveLength(2);
});

test("a look that takes longer than the time between looks is not followed by the next at once", async () => {
  const looks: number[] = [];
  const { publisher, clock } = setup({
    store: ({ dueRuns, ...inner }: Store): Store => ({
      ...inner,
      dueRuns: {
        ...dueRuns,
        queues(slots) {
          looks.push(clock.now());
          clock.advance(5 * SECOND);
          return dueRuns.queues(slots);
        },
      },
    }),
    config: { publishPollMs: SECOND },
  });
  await publisher.start();
  await untilQuiet();
  expect(looks).toHaveLength(1);
  clock.advance(SECOND);
  await untilQuiet();
  expect(looks).toHaveLength(2);
  await publisher.stop();
});
