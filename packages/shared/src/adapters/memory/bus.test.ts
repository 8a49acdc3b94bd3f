import { expect, test } from "@jest/globals";
import type { TicklineEvent } from "../../events/event.ts";
import { busContract, busEvent, eventIds } from "../../testing/contracts/bus.contract.ts";
import { manualClock } from "../../testing/manual-clock.ts";
import { createMemoryBus, type MemoryBusOptions } from "./bus.ts";

const turns = async (count = 4): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((next) => setImmediate(next));
};

/** A small generator of the same numbers each time (mulberry32). */
const seeded = (seed: number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

function setup(options: Omit<MemoryBusOptions, "clock"> = {}) {
  const clock = manualClock(0);
  const bus = createMemoryBus({ clock, ...options });
  const breathe = async (): Promise<void> => {
    await turns();
    clock.advance(100);
    await turns();
  };
  async function reader(group = "group", topics = ["topic"]) {
    const batches: string[][] = [];
    const subscription = await bus.subscribe({ topics, group, from: "end", onBatch: (events) => void batches.push(eventIds(events)) });
    return { batches, subscription, ids: () => batches.flat() };
  }
  const deadLetters = async () => bus.deadEvents.map(({ event, reason }) => ({ id: event.id, reason }));
  return { bus, clock, topic: "topic", breathe, reader, deadLetters };
}
const events = (...names: readonly string[]): TicklineEvent[] => names.map(busEvent);
const numbered = (count: number): TicklineEvent[] => Array.from({ length: count }, (_, index) => busEvent(String(index)));

busContract("memory", async () => setup());
busContract("memory, losing 20%, repeating 20% and reordering", async () =>
  setup({ faults: { lose: 0.2, repeat: 0.2, reorder: true, random: seeded(7) } }),
);

test("without faults everything arrives once and in order, what one turn published as one batch", async () => {
  const { bus, reader, breathe } = setup();
  const { batches } = await reader();
  await bus.publish("topic", events("a", "b"));
  await bus.publish("topic", events("c"));
  expect(batches).toEqual([]);
  await breathe();
  expect(batches).toEqual([["a", "b", "c"]]);
});

test("free members are dealt even shares, the first one to another each time", async () => {
  const { bus, reader, breathe } = setup();
  const [one, two] = [await reader(), await reader()];
  await bus.publish("topic", numbered(10));
  await breathe();
  expect([one.ids().length, two.ids().length]).toEqual([5, 5]);
  await bus.publish("topic", events("odd"));
  await breathe();
  await bus.publish("topic", events("even"));
  await breathe();
  expect([one.ids().length, two.ids().length]).toEqual([6, 6]);
});

test("a batch is no larger than the limit, and the rest follows", async () => {
  const { bus, reader, breathe } = setup({ batchEventsMax: 3 });
  const { batches } = await reader();
  await bus.publish("topic", numbered(7));
  await breathe();
  expect(batches.map(({ length }) => length)).toEqual([3, 3, 1]);
});

test("a full group forgets the oldest and counts them; other groups lose nothing", async () => {
  const { bus, reader, breathe } = setup({ groupEventsMax: 4 });
  const slow = await reader("slow");
  slow.subscription.pause();
  await bus.publish("topic", numbered(3));
  await bus.publish("topic", events("x", "y", "z"));
  expect({ dropped: bus.dropped, waiting: bus.waiting }).toEqual({ dropped: 2, waiting: 4 });
  slow.subscription.resume();
  await breathe();
  expect(slow.ids()).toEqual(["2", "x", "y", "z"]);
});

test("a rejected batch comes again, after waits that double, and is given up after the last", async () => {
  const { bus, clock } = setup({ redeliveriesMax: 2, redeliverMs: 10 });
  const seenAtMs: number[] = [];
  await bus.subscribe({
    topics: ["topic"],
    group: "group",
    from: "end",
    onBatch() {
      seenAtMs.push(clock.monotonicMs());
      throw new Error("on purpose");
    },
  });
  await bus.publish("topic", events("a", "b"));
  for (let ms = 0; ms < 100; ms += 1) {
    await turns();
    clock.advance(1);
  }
  expect(seenAtMs).toEqual([0, 10, 30]);
  expect(bus.dropped).toBe(2);
});

test("a redelivery that comes due during a pause waits for resume", async () => {
  const { bus, breathe } = setup({ redeliverMs: 10 });
  let calls = 0;
  const subscription = await bus.subscribe({
    topics: ["topic"],
    group: "group",
    from: "end",
    onBatch() {
      calls += 1;
      if (calls === 1) throw new Error("on purpose");
    },
  });
  await bus.publish("topic", events("a"));
  await turns();
  subscription.pause();
  await breathe();
  expect(calls).toBe(1);
  subscription.resume();
  await breathe();
  expect(calls).toBe(2);
});

test("what a leaving member had not acknowledged goes to the others", async () => {
  const { bus, reader, breathe } = setup({ redeliverMs: 1_000 });
  const rejecting = await bus.subscribe({
    topics: ["topic"],
    group: "group",
    from: "end",
    onBatch: () => Promise.reject(new Error("on purpose")),
  });
  await bus.publish("topic", events("a"));
  await turns();
  const other = await reader();
  await rejecting.stop();
  await breathe();
  expect(other.ids()).toEqual(["a"]);
});

test("nothing is kept for a group that does not exist yet", async () => {
  const { bus, reader, breathe } = setup();
  await bus.publish("topic", events("before"));
  const { ids } = await reader();
  await bus.publish("topic", events("after"));
  await breathe();
  expect(ids()).toEqual(["after"]);
});

test("a busy topic does not starve another of the same subscription", async () => {
  const { bus, reader, breathe } = setup({ batchEventsMax: 1 });
  const { batches } = await reader("group", ["busy", "quiet"]);
  await bus.publish("busy", numbered(6));
  await bus.publish("quiet", events("quiet"));
  await breathe();
  expect(batches.flat().indexOf("quiet")).toBeLessThan(3);
});

test("faults lose, repeat and reorder as often as asked for", async () => {
  const { bus, reader, breathe } = setup({ faults: { lose: 0.2, repeat: 0.2, reorder: true, random: seeded(1) } });
  const { ids } = await reader();
  await bus.publish("topic", numbered(10_000));
  for (let round = 0; round < 5; round += 1) await breathe();
  const distinct = new Set(ids());
  expect(distinct.size / 10_000).toBeCloseTo(0.8, 1);
  expect(ids().length / distinct.size).toBeCloseTo(1.2, 1);
  expect(ids()).not.toEqual([...ids()].sort((left, right) => Number(left) - Number(right)));
});

test("what is read leaves the queues", async () => {
  const { bus, reader } = setup();
  const readers = [await reader("one"), await reader("two")];
  const batch = numbered(1_000);
  for (let round = 0; round < 20; round += 1) {
    await bus.publish("topic", batch);
    await turns(1);
  }
  await turns();
  expect(readers.map(({ ids }) => ids().length)).toEqual([20_000, 20_000]);
  expect(bus.waiting).toBe(0);
});

test("the latest refused events are kept, with where they were refused; the oldest are forgotten", async () => {
  const { bus, breathe } = setup();
  const onBatch = (all: readonly TicklineEvent[]) => all.map((event) => ({ event, reason: `no ${event.id}` }));
  await bus.subscribe({ topics: ["topic"], group: "group", from: "beginning", onBatch });
  await bus.publish("topic", numbered(1_200));
  await breathe();
  expect(bus.deadEvents).toHaveLength(1_000);
  expect(bus.deadEvents[0]).toMatchObject({ topic: "topic", group: "group", reason: "no 200", event: { id: "200" } });
  expect(bus.dropped).toBe(0);
});
