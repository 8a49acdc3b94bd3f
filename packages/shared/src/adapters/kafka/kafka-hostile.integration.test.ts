import { randomBytes } from "node:crypto";
import { afterEach, expect, jest, test } from "@jest/globals";
import kafkajs, { type Message } from "kafkajs"; // Node finds not all names of this package.
import type { Bus } from "../../ports/bus.ts";
import { busEvent, eventIds } from "../../testing/contracts/bus.contract.ts";
import { describeWithServers } from "../../testing/servers/describe-with-servers.ts";
import { jsonCodec } from "../../events/wire/json-codec.ts";
import { deadTopic } from "./consume/dead-letters.ts";
import { countAll, newTopic, openBus, rawKafka, readAll, until } from "./kafka-bus.test-support.ts";

const MIB = 1_048_576;
/** The size limit of a topic whose limit was raised. Its dead letters have the broker's default, about a mebibyte. */
const MESSAGE_BYTES_MAX = 8 * MIB;

jest.setTimeout(120_000);

await describeWithServers("hostile messages on kafka", ["kafka"], (servers) => {
  const opened: Bus[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((bus) => bus.close()));
  });

  /** A topic of one partition, as if made by hand, its reader, and a way to publish anything there. */
  async function setup() {
    const topic = newTopic();
    const admin = rawKafka(servers.kafkaBrokers).admin();
    await admin.connect();
    await admin.createTopics({
      waitForLeaders: true,
      topics: [
        { topic, numPartitions: 1, configEntries: [{ name: "max.message.bytes", value: String(MESSAGE_BYTES_MAX) }] },
        { topic: deadTopic(topic), numPartitions: 1 },
      ],
    });
    await admin.disconnect();
    const { bus, deaths } = await openBus(servers.kafkaBrokers);
    opened.push(bus);
    const seen = new Set<string>();
    await bus.subscribe({
      topics: [topic],
      group: topic,
      from: "beginning",
      onBatch: (events) => eventIds(events).forEach((id) => seen.add(id)),
    });
    async function send(messages: readonly Message[], compression = kafkajs.CompressionTypes.None): Promise<void> {
      const producer = rawKafka(servers.kafkaBrokers).producer();
      await producer.connect();
      await producer.send({ topic, messages: [...messages], compression });
      await producer.disconnect();
    }
    const good = (id: string): Message => {
      const [message] = jsonCodec.encode([busEvent(id)]);
      return { key: null, value: String(message?.value), headers: { ...message?.headers } };
    };
    const dead = () => readAll(servers.kafkaBrokers, deadTopic(topic));
    const deadCount = () => countAll(servers.kafkaBrokers, deadTopic(topic));
    return { topic, bus, deaths, seen, send, good, dead, deadCount };
  }

  test("messages of five megabytes, null, empty and of any headers are put aside, and those between them are taken", async () => {
    const { deaths, seen, send, good, dead, deadCount } = await setup();
    const { headers } = good("x");
    const hostile: Message[] = [
      { value: null },
      { value: Buffer.alloc(0), headers: { ...headers } },
      { value: Buffer.from([0, 255, 254, 1, 2]), headers: { ...headers } },
      { value: "{}", headers: { constructor: "x", toString: "y", ce_id: ["a", "b"] } },
      { value: "{}", headers: Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`h${index}`, ""])) },
      { key: "k", value: Buffer.alloc(5 * MIB, 0x20), headers: { ...headers } },
      { key: "k", value: randomBytes(5 * MIB), headers: { ...headers } },
      { value: "x", headers: { ...headers, ce_id: "y".repeat(900_000) } },
    ];
    for (const [index, message] of hostile.entries()) await send([good(`before-${index}`), message, good(`after-${index}`)]);
    await until(() => seen.size === 2 * hostile.length);
    await until(async () => (await deadCount()) === hostile.length);
    const letters = await dead();
    expect(letters.map(({ value }) => value?.length ?? null)).toEqual([null, 0, 5, 2, 2, 5 * MIB, 65_536, 1]);
    expect(letters.map(({ headers: said }) => said?.["tickline_dead_value_bytes"]?.toString() ?? null)).toEqual([
      ...Array.from({ length: 6 }, () => null),
      String(5 * MIB),
      null,
    ]);
    expect(letters[3]?.headers?.["constructor"]).toEqual(Buffer.from("x"));
    expect(letters[5]?.key).toEqual(Buffer.from("k"));
    expect(deaths).toEqual([]);
  });

  test.each([
    ["gzip", kafkajs.CompressionTypes.GZIP],
    ["zstd", kafkajs.CompressionTypes.ZSTD],
  ])("what others compress by %s is read", async (_, compression) => {
    const { deaths, seen, send, good } = await setup();
    await send([good("a"), good("b")], compression);
    await until(() => seen.size === 2);
    expect(deaths).toEqual([]);
  });

  test("a thousand messages of garbage at once hold up nothing behind them for long", async () => {
    const { seen, send, good, deadCount } = await setup();
    await send(Array.from({ length: 1_000 }, (_, index) => ({ value: randomBytes(50), headers: { ce_id: String(index) } })));
    await send([good("behind")]);
    await until(() => seen.has("behind"), 10_000);
    expect(await deadCount()).toBe(1_000);
  });
});
