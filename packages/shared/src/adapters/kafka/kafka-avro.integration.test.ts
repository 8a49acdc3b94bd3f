import { SchemaRegistry } from "@kafkajs/confluent-schema-registry";
import { expect, jest, test } from "@jest/globals";
import type { TicklineEvent } from "../../events/event.ts";
import { jobDue } from "../../events/job-due.ts";
import { sampleDueRun } from "../../events/sample-events.test-support.ts";
import { describeWithServers } from "../../testing/servers/describe-with-servers.ts";
import { makeTopics, newTopic, openBus, rawKafka, until } from "./kafka-bus.test-support.ts";

jest.setTimeout(60_000);

await describeWithServers("kafka bus with a registry", ["kafka", "registry"], (servers) => {
  test("others read an event by the registry's schema alone, and the bus reads it as it was", async () => {
    const topic = newTopic();
    await makeTopics(servers.kafkaBrokers, [topic]);
    const { bus } = await openBus(servers.kafkaBrokers, { registryUrl: servers.registryUrl });
    const consumer = rawKafka(servers.kafkaBrokers).consumer({ groupId: `${topic}.other` });
    const registry = new SchemaRegistry({ host: servers.registryUrl });
    const due = jobDue(sampleDueRun(), 1_000);
    const seen: TicklineEvent[] = [];
    const others: unknown[] = [];
    await bus.publish(topic, [due]);
    await bus.subscribe({ topics: [topic], group: topic, from: "beginning", onBatch: (events) => void seen.push(...events) });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message: { value, headers } }) =>
        void others.push([String(headers?.["content-type"]), await registry.decode(value ?? Buffer.alloc(0))]),
    });
    await until(() => seen.length > 0 && others.length > 0);
    await consumer.disconnect();
    await bus.close();
    expect(seen).toEqual([due]);
    expect(others).toEqual([
      [
        "application/avro",
        expect.objectContaining({ runId: due.data.runId, scheduledFor: due.data.scheduledFor, params: JSON.stringify(due.data.params) }),
      ],
    ]);
  });
});
