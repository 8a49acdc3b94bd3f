import type { IHeaders, KafkaMessage } from "kafkajs";
import type { OutMessage } from "../publish/sender.ts";

/** A message that nobody can read, or that its consumer refuses. */
export interface DeadLetter {
  readonly topic: string;
  readonly partition: number;
  readonly message: KafkaMessage;
  readonly reason: string;
}

/** Longest reason that is written into a header, in characters. */
const REASON_LENGTH_MAX = 500;

/** The message as it was, bytes and headers, with headers that say where it lay, and why it is here. */
export function toDeadMessage(letter: DeadLetter, group: string): OutMessage {
  const { key, value, headers } = letter.message;
  return { key, value, headers: { ...writable(headers), ...placeOf(letter, group) } };
}

/** Of a value or key that no dead letter holds whole, the bytes that are kept. */
export const SHORTENED_BYTES = 65_536;
/** Of such a message's headers, as many are kept, and as many bytes of each. */
const SHORTENED_HEADERS_MAX = 50;
const SHORTENED_HEADER_BYTES = 1_024;

/**
 * What is kept of a message that is larger than its topic of dead letters takes: the beginning, and how long it was. The whole is in
 * the topic it came from, for as long as that keeps it.
 */
export function toShortenedMessage(letter: DeadLetter, group: string): OutMessage {
  const { key, value, headers } = letter.message;
  const kept = Object.entries(writable(headers)).slice(0, SHORTENED_HEADERS_MAX);
  return {
    key: cut(key, SHORTENED_BYTES),
    value: cut(value, SHORTENED_BYTES),
    headers: {
      ...Object.fromEntries(kept.map(([name, text]) => [name, cut(firstOf(text), SHORTENED_HEADER_BYTES) ?? ""])),
      ...placeOf(letter, group),
      tickline_dead_value_bytes: String(value?.length ?? 0),
    },
  };
}

const placeOf = ({ topic, partition, message, reason }: DeadLetter, group: string): IHeaders => ({
  tickline_dead_reason: reason.slice(0, REASON_LENGTH_MAX),
  tickline_dead_topic: topic,
  tickline_dead_partition: String(partition),
  tickline_dead_offset: message.offset,
  tickline_dead_group: group,
});

/** kafkajs cannot write a header without a value: it becomes an empty one. */
function writable(headers: IHeaders | undefined): Record<string, Buffer | string | (Buffer | string)[]> {
  const kept = Object.entries(headers ?? {}).map(([name, value]) => [name, Array.isArray(value) ? value.map(orEmpty) : orEmpty(value)]);
  return Object.fromEntries(kept) as Record<string, Buffer | string | (Buffer | string)[]>;
}

/** A header that is there without a value comes as null, which its type does not say. */
const orEmpty = (value: Buffer | string | null | undefined): Buffer | string => value ?? "";

const firstOf = (value: Buffer | string | (Buffer | string)[]): Buffer | string => (Array.isArray(value) ? (value[0] ?? "") : value);

function cut(value: Buffer | string | null, bytesMax: number): Buffer | null {
  return value === null ? null : Buffer.from(value).subarray(0, bytesMax);
}
