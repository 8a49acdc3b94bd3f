import { expect, test } from "@jest/globals";
import { AppError } from "@tickline/shared/domain/app-error";
import type { Bus } from "@tickline/shared/ports/bus";
import type { Store } from "@tickline/shared/ports/store/store";
import { SECOND } from "@tickline/shared/testing/factories";
import { setup, untilQuiet } from "./publisher-under-test.test-support.ts";

/** A bus that has no topic for the queue `default`. */
const withoutDefault = (bus: Bus): Bus => ({
  ...bus,
  publish: (topic, events) => (topic.endsWith(".default") ? Promise.reject(new Error("no topic")) : bus.publish(topic, events)),
});
const mixed = (index: number): string => (index % 2 === 0 ? "default" : "high");

test("a queue whose topic is missing delays no other, whether its runs are found by a poll or were fired", async () => {
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

test("what was refused is published by the poll that finds its topic", async () => {
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

test("while the store takes no notes nothing is published again, nor polled; when it does, all continues", async () => {
  let unavailable = true;
  const noteless = ({ dueRuns, ...inner }: Store): Store => ({
    ...inner,
    dueRuns: { ...dueRuns, published: (request) => (unavailable ? Promise.reject(new Error("no notes")) : dueRuns.published(request)) },
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
  unavailable = false;
  await pass(6 * SECOND);
  expect(publishedRuns()).toHaveLength(3);
  expect(new Set(publishedRuns().map(({ runId }) => runId)).size).toBe(3);
  await publisher.stop();
});

/** A store that refuses to note some publications. */
const refuseNotes = (isRefused: (runId: string) => boolean) => {
  return ({ dueRuns, ...inner }: Store): Store => ({
    ...inner,
    dueRuns: {
      ...dueRuns,
      async published(request) {
        if (request.runs.some(({ runId }) => isRefused(runId))) throw new AppError("internal", "its row is refused");
        return dueRuns.published(request);
      },
    },
  });
};

test.each([
  ["beside others", 8],
  ["and all that was published is that run", 1],
])("a run whose note the store refuses does not end the polls for others, %s", async (_, count) => {
  const refused = { runId: "" };
  const store = refuseNotes((runId) => runId === refused.runId);
  const { publisher, fire, publishedRuns, clock } = setup({ store });
  const pass = async (seconds: number): Promise<void> => {
    for (let tenth = 0; tenth < 10 * seconds; tenth += 1) {
      clock.advance(100);
      await untilQuiet();
    }
  };
  const [first] = await fire(count);
  refused.runId = first!.runId;
  await publisher.start();
  await pass(2 * 60);
  const late = await fire(5); // The publisher is not notified: a poll finds them.
  await pass(10);
  const published = publishedRuns().map(({ runId }) => runId);
  expect(published).toEqual(expect.arrayContaining(late.map(({ runId }) => runId)));
  // Published again less and less often.
  const times = published.filter((runId) => runId === refused.runId).length;
  expect(times).toBeLessThanOrEqual(10);
  await publisher.stop();
});

test("a poll that takes longer than the time between polls is not followed by the next at once", async () => {
  const polls: number[] = [];
  const { publisher, clock } = setup({
    store: ({ dueRuns, ...inner }: Store): Store => ({
      ...inner,
      dueRuns: {
        ...dueRuns,
        queues(shard) {
          polls.push(clock.now());
          clock.advance(5 * SECOND);
          return dueRuns.queues(shard);
        },
      },
    }),
    config: { publishPollMs: SECOND },
  });
  await publisher.start();
  await untilQuiet();
  expect(polls).toHaveLength(1);
  clock.advance(SECOND);
  await untilQuiet();
  expect(polls).toHaveLength(2);
  await publisher.stop();
});

const tooLarge = (): Error => new AppError("bus_unavailable", "the message is too large", { retryable: false });

/** A bus that refuses whole batches for one run of them. */
function refusing(isRefused: (jobId: string) => boolean, fault: () => Error) {
  const refusals: number[] = [];
  const bus = (inner: Bus): Bus => ({
    ...inner,
    publish(topic, events) {
      const refused = events.some((event) => event.type === "JobDue" && isRefused(event.data.jobId));
      if (refused) refusals.push(events.length);
      return refused ? Promise.reject(fault()) : inner.publish(topic, events);
    },
  });
  return { bus, refusals };
}

test.each([
  ["the bus refuses it", tooLarge],
  ["the reason is unknown", () => new Error("it cannot be encoded")],
])("a run that cannot be published hides no other of its queue, when %s", async (_, fault) => {
  const { bus, refusals } = refusing((jobId) => jobId === "job-3", fault);
  const { publisher, fire, publishedRuns, clock } = setup({ bus, config: { publishRunsMax: 10 } });
  await fire(30);
  await publisher.start();
  await untilQuiet();
  expect(publishedRuns().map(({ jobId }) => jobId)).toHaveLength(29);
  clock.advance(SECOND);
  await untilQuiet();
  publisher.fired(await fire(1));
  await untilQuiet();
  expect(publishedRuns()).toHaveLength(30);
  // Tried by itself, less and less often.
  refusals.length = 0;
  for (let second = 0; second < 40; second += 1) {
    clock.advance(SECOND);
    await untilQuiet();
  }
  expect(refusals.every((runs) => runs === 1)).toBe(true);
  expect(refusals.length).toBeLessThanOrEqual(7);
  await publisher.stop();
});

test("where every run is refused, one poll tries a bounded number of times, and the next continues behind what was refused", async () => {
  const { bus, refusals } = refusing((jobId) => jobId !== "job-100", tooLarge);
  const { publisher, fire, publishedRuns, clock } = setup({ bus, config: { publishRunsMax: 20 } });
  await fire(100);
  await publisher.start();
  await untilQuiet();
  expect(refusals.length).toBeLessThanOrEqual(50);
  for (let second = 0; second < 20; second += 1) {
    refusals.length = 0;
    clock.advance(SECOND);
    await untilQuiet();
    expect(refusals.length).toBeLessThanOrEqual(50);
  }
  expect(publishedRuns().map(({ jobId }) => jobId)).toEqual(["job-100"]);
  await publisher.stop();
});

test("a bus that takes nothing for now is asked once a poll, whatever waits", async () => {
  const { bus, refusals } = refusing(
    () => true,
    () => new AppError("bus_unavailable", "no broker", { retryable: true }),
  );
  const { publisher, fire, clock } = setup({ bus });
  await fire(100);
  await publisher.start();
  await untilQuiet();
  for (let second = 0; second < 10; second += 1) {
    clock.advance(SECOND);
    await untilQuiet();
  }
  expect(refusals).toEqual(Array.from({ length: 11 }, () => 100));
  await publisher.stop();
});
