import { setTimeout as sleep } from "node:timers/promises";
import { jest } from "@jest/globals";
import { busContract } from "../../testing/contracts/bus.contract.ts";
import { describeWithServers } from "../../testing/servers/describe-with-servers.ts";
import { deadTopic } from "./consume/dead-letters.ts";
import { makeTopics, newTopic, openBus, readAll } from "./kafka-bus.test-support.ts";

/** A message needs some milliseconds, a member that joins a group up to a second. */
const BREATH_MS = 100;

jest.setTimeout(120_000);

await describeWithServers("kafka bus", ["kafka"], (servers) => {
  busContract("kafka", async () => {
    const topic = newTopic();
    await makeTopics(servers.kafkaBrokers, [topic, `${topic}.other`]);
    const { bus } = await openBus(servers.kafkaBrokers);
    const deadLetters = async () =>
      (await readAll(servers.kafkaBrokers, deadTopic(topic))).map(({ headers }) => ({
        id: String(headers?.["ce_id"]),
        reason: String(headers?.["tickline_dead_reason"]),
      }));
    return { bus, topic, breathe: () => sleep(BREATH_MS), deadLetters };
  });
});
