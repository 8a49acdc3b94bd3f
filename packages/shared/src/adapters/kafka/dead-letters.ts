import type { KafkaMessage } from "kafkajs";
import type { Logger } from "../../runtime/logger.ts";
import type { BusMetrics } from "./bus-metrics.ts";
import type { OutMessage } from "./sender.ts";

/** A message that nobody can read, or take. */
export interface DeadLetter {
  readonly topic: string;
  readonly partition: number;
  readonly message: KafkaMessage;
  readonly reason: string;
}

/** Where the dead letters of a topic are. */
export const deadTopic = (topic: string): string => `${topic}.dead`;

/** Longest reason that is written into a header, in characters. */
const REASON_LENGTH_MAX = 500;

/** The message as it was, bytes and headers, with headers that say where it lay, and why it is here. */
export function toDeadMessage({ topic, partition, message, reason }: DeadLetter, group: string): OutMessage {
  return {
    key: message.key,
    value: message.value,
    headers: {
      ...message.headers,
      tickline_dead_reason: reason.slice(0, REASON_LENGTH_MAX),
      tickline_dead_topic: topic,
      tickline_dead_partition: String(partition),
      tickline_dead_offset: message.offset,
      tickline_dead_group: group,
    },
  };
}

export interface DeadLettersOptions {
  readonly group: string;
  /** A group of one instance alone, for hints: others read the same, so it tells of a letter and lets it go. */
  readonly ownGroup: boolean;
  readonly log: Logger;
  readonly metrics: BusMetrics | undefined;
  readonly send: (topic: string, messages: readonly OutMessage[]) => Promise<void>;
}

/** Rejects when the letters are not known to be safe: then their messages are not to be committed. */
export function createBury({ group, ownGroup, log, metrics, send }: DeadLettersOptions) {
  return async (letters: readonly DeadLetter[]): Promise<void> => {
    for (const [topic, of] of Map.groupBy(letters, (letter) => letter.topic)) {
      for (const { partition, message, reason } of of)
        log.error({ topic, partition, offset: message.offset, group, reason }, "a message cannot be taken");
      if (ownGroup) continue;
      await send(
        deadTopic(topic),
        of.map((letter) => toDeadMessage(letter, group)),
      );
      metrics?.deadLetters.inc({ topic }, of.length);
    }
  };
}
