import { expect, test } from "@jest/globals";
import type { Kafka } from "kafkajs";
import { silentLogger } from "../../runtime/log/logger.ts";
import type { OutMessage } from "./sender.ts";
import { createSenders } from "./sender.ts";

const message: OutMessage = { key: null, value: "v", headers: {} };
const never = (): Promise<never> => new Promise(() => undefined);

interface SentBatch {
  readonly topicMessages: readonly { readonly topic: string }[];
}

/** A cluster of which the broker that leads `low` stands still, and may be the first that a producer speaks to. */
function setup({ connecting = false } = {}) {
  const sent: string[] = [];
  let producers = 0;
  const producer = () => {
    const first = (producers += 1) === 1;
    return {
      connect: () => (connecting && first ? never() : Promise.resolve()),
      disconnect: () => Promise.resolve(),
      sendBatch({ topicMessages }: SentBatch) {
        const [topic = ""] = topicMessages.map((batch) => batch.topic);
        sent.push(topic);
        return topic === "low" ? never() : Promise.resolve();
      },
    };
  };
  return { sent, senders: createSenders({ kafka: { producer } as unknown as Kafka, log: silentLogger, compressed: false }) };
}

test.each([
  ["does not answer what is sent to it", false],
  ["does not even let a producer connect", true],
])("while the broker of one topic %s, what is sent to other topics is acknowledged", async (_, connecting) => {
  const { senders, sent } = setup({ connecting });
  for (let repeat = 0; repeat < 3; repeat += 1) void senders.send("low", [message]);
  await new Promise(setImmediate);
  for (let repeat = 0; repeat < 3; repeat += 1) await senders.send("high", [message]);
  await senders.send("tickline.runs", [message]);
  expect(sent.filter((topic) => topic !== "low")).toEqual(["high", "high", "high", "tickline.runs"]);
});
