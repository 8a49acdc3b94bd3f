import { afterEach, describe, expect, test } from "@jest/globals";
import type { TicklineEvent } from "../../events/event.ts";
import { handlersChanged } from "../../events/control-event.ts";
import type { Bus, SubscribeRequest } from "../../ports/bus.ts";

export interface BusUnderTest {
  readonly bus: Bus;
  /** A topic that no other test uses. */
  readonly topic: string;
  /** Lets the adapter deliver its events: some turns of the loop, some virtual or real time. */
  readonly breathe: () => Promise<void>;
  /** The present dead letters of the topic, as id and reason. */
  readonly deadLetters: () => Promise<readonly { readonly id: string; readonly reason: string }[]>;
}

/** Rounds of publishing again until something is seen: a bus that loses 20% fails this by chance once in 10^35 runs. */
const ROUNDS_MAX = 50;

export const busEvent = (name: string): TicklineEvent =>
  handlersChanged([name], { id: name, time: 0, source: "tickline/executor", tenantId: "default" });
export const eventIds = (events: readonly TicklineEvent[]): string[] => events.map(({ id }) => id);

/**
 * The contract of every bus. It may lose, repeat, delay and reorder, so a test publishes an event again until it
 * is received, and asserts nothing about how often or in which order.
 */
export function busContract(name: string, setup: () => Promise<BusUnderTest>): void {
  describe(`bus contract: ${name}`, () => {
    const opened: Bus[] = [];
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((bus) => bus.close()));
    });
    async function open() {
      const under = await setup();
      opened.push(under.bus);
      const subscribe = (request: Partial<SubscribeRequest> & Pick<SubscribeRequest, "onBatch">) =>
        under.bus.subscribe({ topics: [under.topic], group: "group", from: "end", ...request });
      async function publishUntil(events: readonly TicklineEvent[], done: () => boolean): Promise<void> {
        for (let round = 0; round < ROUNDS_MAX && !done(); round += 1) {
          await under.bus.publish(under.topic, events);
          await under.breathe();
        }
        expect(done()).toBe(true);
      }
      return { ...under, subscribe, publishUntil };
    }

    deliveryFacts(open);
    flowFacts(open);
    refusalFacts(open);
    closingFacts(open);
  });
}

interface OpenBus extends BusUnderTest {
  readonly subscribe: (request: Partial<SubscribeRequest> & Pick<SubscribeRequest, "onBatch">) => ReturnType<Bus["subscribe"]>;
  readonly publishUntil: (events: readonly TicklineEvent[], done: () => boolean) => Promise<void>;
}
type Open = () => Promise<OpenBus>;

function deliveryFacts(open: Open): void {
  test("an event reaches every group, as it was published", async () => {
    const { subscribe, publishUntil } = await open();
    const seen = new Map<string, TicklineEvent>();
    for (const group of ["one", "two"]) await subscribe({ group, onBatch: (events) => void seen.set(group, events[0] as TicklineEvent) });
    await publishUntil([busEvent("a")], () => seen.size === 2);
    expect([...seen.values()]).toEqual([busEvent("a"), busEvent("a")]);
  });

  test("the members of a group see everything together, and each of them something", async () => {
    const { subscribe, publishUntil } = await open();
    const seen = [new Set<string>(), new Set<string>()];
    for (const ids of seen) await subscribe({ onBatch: (events) => eventIds(events).forEach((id) => ids.add(id)) });
    const events = Array.from({ length: 64 }, (_, index) => busEvent(String(index)));
    await publishUntil(events, () => new Set(seen.flatMap((ids) => [...ids])).size === 64 && seen.every(({ size }) => size > 0));
  });

  test("nothing is invented: no other event, no other topic, no empty batch", async () => {
    const { subscribe, publishUntil, bus, topic } = await open();
    const batches: (readonly TicklineEvent[])[] = [];
    await subscribe({ onBatch: (events) => void batches.push(events) });
    await bus.publish(`${topic}.other`, [busEvent("other")]);
    await bus.publish(topic, []);
    await publishUntil([busEvent("a"), busEvent("b")], () => new Set(batches.flatMap(eventIds)).size >= 2);
    expect(new Set(batches.flatMap(eventIds))).toEqual(new Set(["a", "b"]));
    expect(batches.filter(({ length }) => length === 0)).toEqual([]);
  });

  test("publishing to a topic without consumers is acknowledged", async () => {
    const { bus, topic } = await open();
    await expect(bus.publish(topic, [busEvent("a")])).resolves.toBeUndefined();
  });

  test("a subscription of several topics sees each of them", async () => {
    const { subscribe, bus, topic, breathe } = await open();
    const topics = [topic, `${topic}.other`];
    const seen = new Set<string>();
    await subscribe({ topics, onBatch: (events) => eventIds(events).forEach((id) => seen.add(id)) });
    for (let round = 0; round < ROUNDS_MAX && seen.size < 2; round += 1) {
      for (const name of topics) await bus.publish(name, [busEvent(name)]);
      await breathe();
    }
    expect(seen).toEqual(new Set(topics));
  });
}

function flowFacts(open: Open): void {
  test("the batches of one subscription come one after another", async () => {
    const { subscribe, publishUntil, breathe } = await open();
    let running = 0;
    let runningMost = 0;
    let batches = 0;
    await subscribe({
      onBatch: async () => {
        running += 1;
        runningMost = Math.max(runningMost, running);
        await new Promise((turn) => setImmediate(turn));
        running -= 1;
        batches += 1;
      },
    });
    await publishUntil([busEvent("a")], () => batches > 5);
    await breathe();
    expect(runningMost).toBe(1);
  });

  test.each([
    ["rejects", () => Promise.reject(new Error("on purpose"))],
    ["throws", () => fail()],
  ])("a consumer that %s is given later events all the same", async (_, failure) => {
    const { subscribe, publishUntil } = await open();
    let calls = 0;
    const seen = new Set<string>();
    await subscribe({
      onBatch(events) {
        calls += 1;
        for (const id of eventIds(events)) seen.add(id);
        return calls === 1 ? failure() : undefined;
      },
    });
    await publishUntil([busEvent("first")], () => calls > 0);
    await publishUntil([busEvent("second")], () => seen.has("second"));
  });

  test("a paused subscription is given nothing beyond the batch in hand, and goes on when resumed", async () => {
    const { subscribe, publishUntil, bus, topic, breathe } = await open();
    let batches = 0;
    const subscription = await subscribe({ onBatch: () => void (batches += 1) });
    await publishUntil([busEvent("before")], () => batches > 0);
    subscription.pause();
    subscription.pause();
    const before = batches;
    for (let round = 0; round < 5; round += 1) {
      await bus.publish(topic, [busEvent("meanwhile")]);
      await breathe();
    }
    expect(batches).toBe(before);
    subscription.resume();
    subscription.resume();
    await publishUntil([busEvent("after")], () => batches > before);
  });
}

function refusalFacts(open: Open): void {
  const isForged = ({ id }: TicklineEvent): boolean => id === "forged";
  const refuseForged = (events: readonly TicklineEvent[]) => events.filter(isForged).map((event) => ({ event, reason: "it is forged" }));

  test("what a consumer refuses goes to the dead letters with its reason; those beside it, and later ones, are delivered", async () => {
    const { subscribe, publishUntil, deadLetters } = await open();
    const seen = new Set<string>();
    await subscribe({
      from: "beginning",
      onBatch(events) {
        for (const id of eventIds(events)) seen.add(id);
        return refuseForged(events);
      },
    });
    await publishUntil([busEvent("a"), busEvent("forged"), busEvent("b")], () => seen.size === 3);
    await publishUntil([busEvent("later")], () => seen.has("later"));
    const letters = await deadLetters();
    expect(new Set(letters.map(({ id, reason }) => `${id}: ${reason}`))).toEqual(new Set(["forged: it is forged"]));
  });

  test("what a group of one instance refuses is not kept", async () => {
    const { subscribe, publishUntil, deadLetters } = await open();
    let refused = 0;
    await subscribe({
      from: "end",
      onBatch(events) {
        refused += events.filter(isForged).length;
        return refuseForged(events);
      },
    });
    await publishUntil([busEvent("forged")], () => refused > 0);
    await publishUntil([busEvent("forged")], () => refused > 1);
    expect(await deadLetters()).toEqual([]);
  });
}

function closingFacts(open: Open): void {
  test("stop resolves when the batch in hand is done, and none follows", async () => {
    const { subscribe, publishUntil, bus, topic, breathe } = await open();
    const begun = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const steps: string[] = [];
    const subscription = await subscribe({
      onBatch: async () => {
        begun.resolve();
        await gate.promise;
        steps.push("batch done");
      },
    });
    let isBegun = false;
    void begun.promise.then(() => (isBegun = true));
    await publishUntil([busEvent("a")], () => isBegun);
    const stopped = Promise.all([subscription.stop(), subscription.stop()]).then(() => steps.push("stopped"));
    await bus.publish(topic, [busEvent("b")]);
    await breathe();
    expect(steps).toEqual([]);
    gate.resolve();
    await stopped;
    await breathe();
    expect(steps).toEqual(["batch done", "stopped"]);
  });

  test("after stop the other members of the group see what is published", async () => {
    const { subscribe, publishUntil } = await open();
    const seen = new Set<string>();
    const leaving = await subscribe({ onBatch: () => undefined });
    await subscribe({ onBatch: (events) => eventIds(events).forEach((id) => seen.add(id)) });
    await leaving.stop();
    const events = Array.from({ length: 16 }, (_, index) => busEvent(String(index)));
    await publishUntil(events, () => seen.size === 16);
  });

  test("a closed bus delivers nothing, refuses to publish, and may be closed again", async () => {
    const { subscribe, bus, topic, breathe } = await open();
    let batches = 0;
    await subscribe({ onBatch: () => void (batches += 1) });
    await bus.publish(topic, [busEvent("a")]);
    await bus.close();
    const atClose = batches;
    await breathe();
    await bus.close();
    expect(batches).toBe(atClose);
    await expect(bus.publish(topic, [busEvent("b")])).rejects.toMatchObject({ code: "bus_unavailable", retryable: true });
  });
}

function fail(): never {
  throw new Error("on purpose");
}
