import { setTimeout as sleep } from "node:timers/promises";
import { expect, jest, test } from "@jest/globals";
import { busEvent } from "../../testing/contracts/bus.contract.ts";
import { describeWithServers } from "../../testing/servers/describe-with-servers.ts";
import { openHungryProxy } from "./hungry-proxy.test-support.ts";
import { makeTopics, newTopic, openBus, rawKafka, until } from "./kafka-bus.test-support.ts";

jest.setTimeout(120_000);

const ANSWERS = 40;
const EVENTS_A_SEND = 5;
const ROUNDS_MAX = 5;
/** Short, so that a lost answer costs no time. */
const PRODUCE_MS = 300;

/**
 * Which modes of kafkajs are safe. With its idempotent producer, one lost answer while sends are in flight loses messages
 * that it has acknowledged; by what the bus uses, there are repeats alone.
 */
await describeWithServers("kafka answers that are lost", ["kafka"], (servers) => {
  test.each([
    ["one in three", (answer: number) => answer % 3 === 0],
    ["a whole row of them, so that kafkajs gives up", (answer: number) => answer > 4 && answer < 15],
  ])("nothing acknowledged is lost when the answers to produce requests are: %s", async (_, eats) => {
    const broker = servers.kafkaBrokers.split(",")[0] as string;
    const topic = newTopic();
    await makeTopics(broker, [topic], 1);
    const proxy = await openHungryProxy(broker, eats);
    const { bus } = await openBus(proxy.address, { produceMs: PRODUCE_MS });
    const acknowledged: string[] = [];
    const sends: Promise<void>[] = [];
    for (let send = 0; proxy.produced < ANSWERS; send += 1) {
      const events = Array.from({ length: EVENTS_A_SEND }, (__, index) => busEvent(`${send}-${index}`));
      sends.push(bus.publish(topic, events).then(() => void acknowledged.push(...events.map(({ id }) => id))));
      await sleep(10);
    }
    const results = await Promise.allSettled(sends);
    await bus.close();
    await proxy.close();
    const written = await idsIn(broker, topic);
    expect(proxy.eaten).toBeGreaterThan(3);
    expect(acknowledged.length).toBeGreaterThan(ANSWERS);
    expect(acknowledged.filter((id) => !written.includes(id))).toEqual([]);
    process.stderr.write(
      `${proxy.eaten} of ${proxy.produced} answers eaten: ${acknowledged.length} events acknowledged, none lost, ` +
        `${written.length - new Set(written).size} repeated, ${results.filter(({ status }) => status === "rejected").length} sends refused\n`,
    );
  });

  test("the same through kafkajs's idempotent producer loses what it acknowledged: that is why the bus does not use it", async () => {
    const broker = servers.kafkaBrokers.split(",")[0] as string;
    let lost = 0;
    for (let round = 0; round < ROUNDS_MAX && lost === 0; round += 1) {
      const topic = newTopic();
      await makeTopics(broker, [topic], 1);
      const proxy = await openHungryProxy(broker, (answer) => answer === 3);
      const producer = rawKafka(proxy.address, PRODUCE_MS).producer({ idempotent: true });
      await producer.connect();
      const acknowledged: string[] = [];
      const sends = Array.from({ length: 20 }, (_, index) => {
        const messages = [{ value: "", headers: { ce_id: String(index) } }];
        return producer.send({ topic, messages }).then(() => void acknowledged.push(String(index)));
      });
      await Promise.allSettled(sends);
      await producer.disconnect();
      await proxy.close();
      const written = await idsIn(broker, topic);
      lost = acknowledged.filter((id) => !written.includes(id)).length;
    }
    expect(lost).toBeGreaterThan(0);
  });

  async function idsIn(broker: string, topic: string): Promise<string[]> {
    const kafka = rawKafka(broker);
    const admin = kafka.admin();
    await admin.connect();
    const [end] = await admin.fetchTopicOffsets(topic);
    await admin.disconnect();
    const ids: string[] = [];
    const consumer = kafka.consumer({ groupId: `${topic}.check` });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => void ids.push(String(message.headers?.["ce_id"])) });
    await until(() => ids.length >= Number(end?.high));
    await consumer.disconnect();
    return ids;
  }
});
