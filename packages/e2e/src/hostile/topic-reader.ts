import type { Kafka, KafkaMessage } from "kafkajs";
import { eventually } from "../product/running-product.ts";

/** Looks at topics from outside, by kafkajs itself. */
export interface TopicReader {
  /** How many messages a topic has had so far. */
  count(topic: string): Promise<number>;
  /** All messages that a topic has at present. */
  all(topic: string): Promise<readonly KafkaMessage[]>;
  close(): Promise<void>;
}

const READ_MS_MAX = 60_000;

export async function createTopicReader(kafka: Kafka): Promise<TopicReader> {
  const admin = kafka.admin();
  await admin.connect();
  let readers = 0;

  const count = async (topic: string): Promise<number> =>
    (await admin.fetchTopicOffsets(topic)).reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
  return {
    count,
    async all(topic) {
      const wanted = await count(topic);
      if (wanted === 0) return [];
      const messages: KafkaMessage[] = [];
      const consumer = kafka.consumer({ groupId: `outside-${topic}-${(readers += 1)}` });
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      await consumer.run({ eachMessage: async ({ message }) => void messages.push(message) });
      await eventually(() => (messages.length >= wanted ? true : null), READ_MS_MAX);
      await consumer.disconnect();
      return messages;
    },
    close: () => admin.disconnect(),
  };
}
