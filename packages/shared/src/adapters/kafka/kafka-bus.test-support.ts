import { setTimeout as sleep } from "node:timers/promises";
import { Kafka, logLevel, type KafkaMessage } from "kafkajs";
import type { AppError } from "../../domain/app-error.ts";
import type { Bus } from "../../ports/bus.ts";
import { silentLogger } from "../../runtime/log/logger.ts";
import { systemClock } from "../system/clock.ts";
import { systemEntropy } from "../system/entropy.ts";
import { deadTopic } from "./consume/dead-letters.ts";
import { openKafkaBus, type KafkaBusOptions } from "./kafka-bus.ts";
import { ensureTopics } from "./topics-command.ts";

export const newTopic = (): string => `test.${systemEntropy.newId()}`;

/** Topics as the command makes them, each with its dead letters. */
export async function makeTopics(brokers: string, names: readonly string[], partitions = 2): Promise<void> {
  const topics = names.flatMap((name) => [
    { name, partitions, replicas: 1, retentionMs: 3_600_000 },
    { name: deadTopic(name), partitions: 1, replicas: 1, retentionMs: 3_600_000 },
  ]);
  await ensureTopics({ url: `kafka://${brokers}`, clientId: "test", log: silentLogger, topics });
}

/** A bus of its own connections; what kills its consumers is kept. */
export async function openBus(brokers: string, over: Partial<KafkaBusOptions> = {}): Promise<{ bus: Bus; deaths: AppError[] }> {
  const deaths: AppError[] = [];
  const onDead = (fault: AppError): void => void deaths.push(fault);
  const bus = await openKafkaBus({ url: `kafka://${brokers}`, clientId: "test", log: silentLogger, clock: systemClock, onDead, ...over });
  return { bus, deaths };
}

/** kafkajs itself, for looking at topics from outside. */
export const rawKafka = (brokers: string, requestTimeout = 30_000): Kafka =>
  new Kafka({ brokers: brokers.split(","), clientId: "outside", logLevel: logLevel.NOTHING, requestTimeout });

/** Messages that a topic has at present. */
export async function countAll(brokers: string, topic: string): Promise<number> {
  const admin = rawKafka(brokers).admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  return offsets.reduce((sum, { high }) => sum + Number(high), 0);
}

/** All messages that a topic has at present, by kafkajs itself. */
export async function readAll(brokers: string, topic: string): Promise<readonly KafkaMessage[]> {
  const count = await countAll(brokers, topic);
  if (count === 0) return [];
  const consumer = rawKafka(brokers).consumer({ groupId: `${topic}.${systemEntropy.newId()}` });
  const messages: KafkaMessage[] = [];
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message }) => void messages.push(message) });
  await until(() => messages.length >= count);
  await consumer.disconnect();
  return messages;
}

/** Waits until it is so; what waits on a broker has no other signal. */
export async function until(done: () => boolean | Promise<boolean>, forMs = 30_000): Promise<void> {
  const deadline = performance.now() + forMs;
  while (!(await done())) {
    if (performance.now() > deadline) throw new Error(`not within ${forMs} ms`);
    await sleep(20);
  }
}
