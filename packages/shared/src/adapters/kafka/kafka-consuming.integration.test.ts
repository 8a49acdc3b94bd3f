import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, jest, test } from "@jest/globals";
import { AppError } from "../../domain/app-error.ts";
import type { TicklineEvent } from "../../events/event.ts";
import type { Bus, SubscribeRequest } from "../../ports/bus.ts";
import { busEvent, eventIds } from "../../testing/contracts/bus.contract.ts";
import { describeWithServers } from "../../testing/servers/describe-with-servers.ts";
import { deadTopic } from "./consume/dead-letters.ts";
import { countAll, makeTopics, newTopic, openBus, rawKafka, readAll, until } from "./kafka-bus.test-support.ts";
import type { KafkaBusOptions } from "./kafka-bus.ts";

const numbered = (from: number, to: number): TicklineEvent[] =>
  Array.from({ length: to - from }, (_, index) => busEvent(String(from + index)));
/** As short as a broker allows by default. */
const SESSION_MS = 6_000;

jest.setTimeout(120_000);

await describeWithServers("kafka consumers", ["kafka"], (servers) => {
  const opened: Bus[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((bus) => bus.close()));
  });
  async function setup(over: Partial<KafkaBusOptions> = {}) {
    const topic = newTopic();
    await makeTopics(servers.kafkaBrokers, [topic], 4);
    const another = async () => {
      const { bus, deaths } = await openBus(servers.kafkaBrokers, { limits: { sessionMs: SESSION_MS }, ...over });
      opened.push(bus);
      const subscribe = (onBatch: SubscribeRequest["onBatch"]) =>
        bus.subscribe({ topics: [topic], group: topic, from: "beginning", onBatch });
      return { bus, deaths, subscribe };
    };
    return { topic, another, ...(await another()) };
  }

  test("what was published before the group existed is read", async () => {
    const { bus, topic, subscribe } = await setup();
    await bus.publish(topic, numbered(0, 10));
    const seen = new Set<string>();
    await subscribe((events) => eventIds(events).forEach((id) => seen.add(id)));
    await until(() => seen.size === 10);
  });

  test("what was taken is committed, and another member goes on behind it", async () => {
    const { bus, topic, subscribe, another } = await setup();
    const seen: string[] = [];
    const first = await subscribe((events) => void seen.push(...eventIds(events)));
    await bus.publish(topic, numbered(0, 100));
    await until(() => seen.length === 100);
    await first.stop();
    const { subscribe: subscribeAgain } = await another();
    await subscribeAgain((events) => void seen.push(...eventIds(events)));
    await bus.publish(topic, numbered(100, 110));
    await until(() => seen.length >= 110);
    expect(seen.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 110 }, (_, index) => index));
  });

  test("a batch in hand when the process stops is read again, if it was not taken", async () => {
    const { bus, topic, subscribe, another } = await setup();
    let tries = 0;
    const first = await subscribe(async () => {
      tries += 1;
      throw new AppError("store_unavailable", "away", { retryable: true });
    });
    await bus.publish(topic, numbered(0, 5));
    await until(() => tries > 1);
    await first.stop();
    const seen = new Set<string>();
    await (await another()).subscribe((events) => eventIds(events).forEach((id) => seen.add(id)));
    await until(() => seen.size === 5);
  });

  test("an unavailable store stops the consumer for longer than its session: nothing goes to the dead letters, and it goes on", async () => {
    const { bus, topic, deaths, subscribe } = await setup({ limits: { sessionMs: SESSION_MS, inboxMessagesMax: 10 } });
    let isAway = true;
    const seen = new Set<string>();
    await subscribe((events) => {
      if (isAway) throw new AppError("store_unavailable", "away", { retryable: true });
      for (const id of eventIds(events)) seen.add(id);
    });
    await bus.publish(topic, numbered(0, 50));
    await sleep(2.5 * SESSION_MS);
    expect(deaths).toEqual([]);
    isAway = false;
    await until(() => seen.size === 50);
    expect(await countMessages(deadTopic(topic))).toBe(0);
  });

  test("members that come and go while messages flow lose none", async () => {
    const { bus, topic, subscribe, another } = await setup();
    const seen = new Set<string>();
    const take = async (events: readonly TicklineEvent[]) => {
      await sleep(5);
      for (const id of eventIds(events)) seen.add(id);
    };
    await subscribe(take);
    const others = [await another(), await another()];
    let published = 0;
    let isPublishing = true;
    const publishing = (async () => {
      for (; isPublishing; published += 50) await bus.publish(topic, numbered(published, published + 50));
    })();
    for (const other of [...others, ...others]) {
      const member = await other.subscribe(take);
      await sleep(300);
      await member.stop();
    }
    isPublishing = false;
    await publishing;
    await until(() => seen.size === published);
  });

  test("a message that cannot be read goes to the dead letters as it was, and those beside it are taken", async () => {
    const { bus, topic, subscribe } = await setup();
    const producer = rawKafka(servers.kafkaBrokers).producer();
    await producer.connect();
    const poison = { key: "k", value: Buffer.from([0, 255, 1]), headers: { ce_id: "x", other: Buffer.from([7]) } };
    await producer.send({ topic, messages: [{ ...poison, partition: 1 }] });
    await bus.publish(topic, numbered(0, 20));
    const seen = new Set<string>();
    await subscribe((events) => eventIds(events).forEach((id) => seen.add(id)));
    await until(async () => seen.size === 20 && (await countMessages(deadTopic(topic))) === 1);
    const [letter] = await readAll(servers.kafkaBrokers, deadTopic(topic));
    expect(letter).toMatchObject({ key: Buffer.from("k"), value: Buffer.from([0, 255, 1]) });
    expect(letter?.headers?.["other"]).toEqual(Buffer.from([7]));
    const said = Object.fromEntries(Object.entries(letter?.headers ?? {}).map(([name, value]) => [name, String(value)]));
    expect(said).toMatchObject({
      ce_id: "x",
      tickline_dead_reason: "the header ce_specversion is missing",
      tickline_dead_topic: topic,
      tickline_dead_partition: "1",
      tickline_dead_offset: "0",
    });
    await producer.disconnect();
  });

  test("a missing topic is named, with what to do", async () => {
    const { bus } = await openBus(servers.kafkaBrokers);
    opened.push(bus);
    const subscribed = bus.subscribe({ topics: ["test.nowhere"], group: "g", from: "end", onBatch: () => undefined });
    await expect(subscribed).rejects.toMatchObject({
      code: "bus_unavailable",
      message: expect.stringMatching(/no topic test\.nowhere.*topics command/),
    });
  });

  test("the lag of a group is measured, also while it takes nothing", async () => {
    const lags: number[] = [];
    const metrics = {
      lag: { set: (_: unknown, value: number) => void lags.push(value) },
      deadLetters: { inc: () => undefined },
      unkept: { inc: () => undefined },
    };
    const { bus, topic, subscribe } = await setup({ metrics, lagEveryMs: 200 });
    const subscription = await subscribe(() => undefined);
    subscription.pause();
    await bus.publish(topic, numbered(0, 30));
    await until(() => lags.at(-1) === 30);
    subscription.resume();
    await until(() => lags.at(-1) === 0);
  });

  const countMessages = (topic: string): Promise<number> => countAll(servers.kafkaBrokers, topic);
});
