import type { IHeaders, KafkaMessage } from "kafkajs";
import type { Logger } from "../../../runtime/log/logger.ts";
import type { BusMetrics } from "../bus-metrics.ts";
import type { OutMessage } from "../sender.ts";

/** Where the dead letters of a topic are. */
const DEAD = ".dead";
export const deadTopic = (topic: string): string => topic + DEAD;
export const isDeadTopic = (topic: string): boolean => topic.endsWith(DEAD);

/** A message that cannot be read, or that its consumer refuses. */
export interface DeadLetter {
  readonly topic: string;
  readonly partition: number;
  readonly message: KafkaMessage;
  readonly reason: string;
}

export interface DeadLettersOptions {
  readonly group: string;
  /** A group of one instance alone, for hints: others read the same, so its letters are logged and counted, and not kept. */
  readonly ownGroup: boolean;
  readonly log: Logger;
  readonly metrics: BusMetrics | undefined;
  /** Sends compressed: a message may have come compressed, and be larger than a topic takes as it is. */
  readonly send: (topic: string, messages: readonly OutMessage[]) => Promise<void>;
}

/** Longest reason in a header or a line of the log, in characters. */
const REASON_LENGTH_MAX = 500;
/** Of a value or key that no dead letter holds whole, the bytes that are kept. */
export const SHORTENED_BYTES = 65_536;
/** Of such a message's headers, as many are kept, and as many bytes of each. */
const SHORTENED_HEADERS_MAX = 50;
const SHORTENED_HEADER_BYTES = 1_024;

/** Sends dead letters to their topics. Rejects when they may be lost: then their messages must not be committed. */
export function createDeadLetterSender({ group, ownGroup, log, metrics, send }: DeadLettersOptions) {
  /** Sends several at once; if that is too large, each by itself. One that is too large by itself is shortened: otherwise it would block its partition. */
  async function keep(topic: string, letters: readonly DeadLetter[]): Promise<void> {
    const messages = letters.map((letter) => toDeadMessage(letter, group));
    try {
      await send(deadTopic(topic), messages);
    } catch (fault) {
      const [letter, ...others] = letters;
      if (!isTooLarge(fault) || letter === undefined) throw fault;
      if (others.length > 0) {
        for (const each of letters) await keep(topic, [each]);
        return;
      }
      const { partition, message } = letter;
      log.warn({ topic, partition, offset: message.offset, group }, "a dead letter is larger than its topic takes: it is kept shortened");
      await send(deadTopic(topic), [toShortenedMessage(letter, group)]);
    }
  }
  return async (letters: readonly DeadLetter[]): Promise<void> => {
    for (const [topic, ofTopic] of Map.groupBy(letters, (letter) => letter.topic)) {
      if (!ownGroup) await keep(topic, ofTopic);
      (ownGroup ? metrics?.unkept : metrics?.deadLetters)?.inc({ topic }, ofTopic.length);
      log.error(
        { group, letters: ofTopic.length, ...pickExample(ofTopic) },
        ownGroup ? "messages cannot be taken" : "messages went to the dead letters",
      );
    }
  };
}

/** One line a batch, with its first letter as an example: the topic of dead letters has all of them, each with its reason. */
const pickExample = ([first]: readonly DeadLetter[]) =>
  first && {
    topic: first.topic,
    partition: first.partition,
    offset: first.message.offset,
    reason: first.reason.slice(0, REASON_LENGTH_MAX),
  };

const TOO_LARGE: ReadonlySet<unknown> = new Set(["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"]);

/** Whether the broker refused it for its size, as kafkajs and the bus wrap that. */
function isTooLarge(fault: unknown): boolean {
  for (let cause = fault; cause instanceof Error; cause = cause.cause) if ("type" in cause && TOO_LARGE.has(cause.type)) return true;
  return false;
}

/** The message as it was, bytes and headers, with headers that say where it was, and why it is here. */
function toDeadMessage(letter: DeadLetter, group: string): OutMessage {
  const { key, value, headers } = letter.message;
  return { key, value, headers: { ...writable(headers), ...toHeaders(letter, group) } };
}

/**
 * What is kept of a message that is larger than its topic of dead letters takes: the beginning, and how long it was. The whole is in
 * the topic it came from, for as long as that keeps it.
 */
function toShortenedMessage(letter: DeadLetter, group: string): OutMessage {
  const { key, value, headers } = letter.message;
  const kept = Object.entries(writable(headers)).slice(0, SHORTENED_HEADERS_MAX);
  return {
    key: cut(key, SHORTENED_BYTES),
    value: cut(value, SHORTENED_BYTES),
    headers: {
      ...Object.fromEntries(kept.map(([name, text]) => [name, cut([text].flat()[0] ?? "", SHORTENED_HEADER_BYTES) ?? ""])),
      ...toHeaders(letter, group),
      tickline_dead_value_bytes: String(value?.length ?? 0),
    },
  };
}

const toHeaders = ({ topic, partition, message, reason }: DeadLetter, group: string): IHeaders => ({
  tickline_dead_reason: reason.slice(0, REASON_LENGTH_MAX),
  tickline_dead_topic: topic,
  tickline_dead_partition: String(partition),
  tickline_dead_offset: message.offset,
  tickline_dead_group: group,
});

/** kafkajs cannot write a header without a value, which is read as null, against its type: it becomes an empty one. */
function writable(headers: IHeaders | undefined): Record<string, Buffer | string | (Buffer | string)[]> {
  const orEmpty = (value: Buffer | string | null | undefined): Buffer | string => value ?? "";
  const kept = Object.entries(headers ?? {}).map(([name, value]) => [name, Array.isArray(value) ? value.map(orEmpty) : orEmpty(value)]);
  return Object.fromEntries(kept) as Record<string, Buffer | string | (Buffer | string)[]>;
}

const cut = (value: Buffer | string | null, bytesMax: number): Buffer | null =>
  value === null ? null : Buffer.from(value).subarray(0, bytesMax);
