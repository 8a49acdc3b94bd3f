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

test("a queue whose topic is missing holds up no other, whether its runs are looked for or were fired", async () => {
  const { publisher, fire, publishedRuns, clock } = setup({ bus: withoutDefault });
  await fire(2, mixed);
  await publisher.start();
  await untilQuiet();
  expect(publishedRuns().map(({ queue }) => queue)).toEqual(["high"]);
  clock.advance(SECOND);
  await untilQuiet();
  publisher.fired(await fire(2, mixed));
  await untilQuiet();
  expect(publishedRuns().map(({ queue }) => queue)).toEqual(["high", "high"]);
  await publisher.stop();
});

test("what was refused is published by the look that finds its topic there", async () => {
  let missing = true;
  const bus = (inner: Bus): Bus => ({ ...inner, publish: (...said) => (missing ? withoutDefault(inner) : inner).publish(...said) });
  const { publisher, fire, publishedRuns, clock } = setup({ bus });
  await fire(1);
  await publisher.start();
  await untilQuiet();
  expect(publishedRuns()).toEqual([]);
  missing = false;
  clock.advance(SECOND);
  await untilQuiet();
  expect(publishedRuns()).toHaveLength(1);
  await publisher.stop();
});

test("while the store takes no notes nothing is published again, nor looked for; when it does, all goes on", async () => {
  let away = true;
  const noteless = ({ dueRuns, ...inner }: Store): Store => ({
    ...inner,
    dueRuns: { ...dueRuns, published: (request) => (away ? Promise.reject(new Error("no notes")) : dueRuns.published(request)) },
  });
  const { publisher, fire, publishedRuns, clock } = setup({ store: noteless, config: { publishRunsMax: 2 } });
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 100) {
      clock.advance(100);
      await untilQuiet();
    }
  };
  await fire(3);
  await publisher.start();
  await pass(20 * SECOND);
  expect(publishedRuns()).toHaveLength(2);
  away = false;
  await pass(6 * SECOND);
  expect(publishedRuns()).toHaveLength(3);
  expect(new Set(publishedRuns().map(({ runId }) => runId)).size).toBe(3);
  await publisher.stop();
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
