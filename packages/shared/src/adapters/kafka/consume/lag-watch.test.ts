import { expect, test } from "@jest/globals";
import type { Admin } from "kafkajs";
import { silentLogger } from "../../../runtime/log/logger.ts";
import { SECOND, START } from "../../../testing/factories.ts";
import { manualClock } from "../../../testing/manual-clock.ts";
import { createLagWatch } from "./lag-watch.ts";
import type { KafkaSubscription } from "./subscription.ts";

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
};

test.each([
  ["does not answer", () => new Promise<never>(() => undefined)],
  ["cannot be read", () => Promise.reject(new Error("no leader"))],
])("the lag of a topic is known while another %s", async (_, answer) => {
  const known: string[] = [];
  const admin = {
    fetchTopicOffsets: (topic: string) => (topic === "low" ? answer() : Promise.resolve([{ partition: 0, high: "9", low: "0" }])),
    fetchOffsets: () => Promise.resolve([{ topic: "any", partitions: [{ partition: 0, offset: "4" }] }]),
  } as unknown as Admin;
  const subscription = (topic: string) =>
    ({ group: `executor-${topic}`, assigned: new Map([[topic, [0]]]) }) as unknown as KafkaSubscription;
  const watch = createLagWatch({
    admin,
    clock: manualClock(START),
    log: silentLogger,
    metrics: {
      lag: { set: ({ topic }, value) => void known.push(`${topic}: ${value}`) },
      deadLetters: { inc: () => undefined },
      unkept: { inc: () => undefined },
    },
    everyMs: SECOND,
    subscriptions: () => [subscription("low"), subscription("high")],
  });
  await watch.start();
  await turns();
  expect(known).toEqual(["high: 5"]);
});
