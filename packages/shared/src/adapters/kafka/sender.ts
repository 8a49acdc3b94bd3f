import kafkajs, { Partitioners, type IHeaders, type Kafka, type Producer } from "kafkajs"; // Node finds not all names of this package.
import type { Logger } from "../../runtime/log/logger.ts";
import { busFault, closedFault } from "./bus-fault.ts";

/** A message to send. */
export interface OutMessage {
  readonly key: Buffer | string | null;
  readonly value: Buffer | string | null;
  readonly headers: IHeaders;
}

/** Sends to one topic, one request after another. Messages that come meanwhile are sent together in the next request. */
export interface Sender {
  /** Resolves when all required brokers have all messages; rejects when any may be lost. */
  send(messages: readonly OutMessage[]): Promise<void>;
  close(): Promise<void>;
}

export interface SenderOptions {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly log: Logger;
  /** By gzip. */
  readonly compressed: boolean;
}

/** One request stays below what a broker takes as one batch by default (1,048,588 bytes), even if all goes to one partition. */
const REQUEST_BYTES_MAX = 900_000;
/** Bytes that may wait for one topic; beyond it sending is refused at once, as if the broker were unavailable. */
const WAITING_BYTES_MAX = 128 * 1_048_576;
/** Longest wait of a broker for the others that must have the messages too. */
const ACKS_MS_MAX = 10_000;
/** What a message costs besides key, value and headers. */
const MESSAGE_OVERHEAD_BYTES = 64;

/** The messages of one call. */
interface Call {
  left: number;
  failed: boolean;
  readonly done: PromiseWithResolvers<void>;
}
interface Part {
  readonly messages: readonly OutMessage[];
  readonly bytes: number;
  readonly of: Call;
  /** It was refused together with others, and is sent by itself. */
  readonly alone: boolean;
}

function fail(of: Call, fault: Error): void {
  of.failed = true;
  of.done.reject(fault);
}

/** Takes the parts that fit into one request. */
function takeRequest(waiting: Part[]): { readonly parts: Part[]; readonly bytes: number } {
  let bytes = 0;
  let count = 0;
  for (const part of waiting) {
    if (count > 0 && (part.alone || waiting[0]?.alone === true || bytes + part.bytes > REQUEST_BYTES_MAX)) break;
    bytes += part.bytes;
    count += 1;
  }
  return { parts: waiting.splice(0, count), bytes };
}

export function createSender(options: SenderOptions): Sender {
  const deed = `publish to ${options.topic}`;
  const line = createProducerLine(options);
  const waiting: Part[] = [];
  let waitingBytes = 0;
  let sending: Promise<void> | null = null;
  let closed = false;

  async function sendAll(): Promise<void> {
    while (waiting.length > 0) {
      const request = takeRequest(waiting);
      waitingBytes -= request.bytes;
      const parts = request.parts.filter(({ of }) => !of.failed);
      if (parts.length === 0) continue;
      try {
        await line.request(parts.flatMap(({ messages }) => messages));
        for (const { of } of parts) if ((of.left -= 1) === 0) of.done.resolve();
      } catch (cause) {
        const fault = busFault(deed, cause);
        if (parts.length > 1 && !fault.retryable) sendAlone(parts);
        else for (const { of } of parts) fail(of, fault);
      }
    }
  }
  /** One message that the broker refuses must not fail the messages of other calls. */
  function sendAlone(parts: readonly Part[]): void {
    waiting.unshift(...parts.map((part) => ({ ...part, alone: true })));
    for (const { bytes } of parts) waitingBytes += bytes;
  }
  function start(): void {
    sending ??= sendAll().finally(() => {
      sending = null;
      if (waiting.length > 0) start(); // What was added just after the last ones were sent.
    });
  }
  return {
    send(messages) {
      if (closed) return Promise.reject(closedFault(deed));
      if (messages.length === 0) return Promise.resolve();
      if (waitingBytes > WAITING_BYTES_MAX) return Promise.reject(busFault(deed, new Error("too much waits to be sent")));
      const parts = cutByBytes(messages);
      const of: Call = { left: parts.length, failed: false, done: Promise.withResolvers() };
      for (const part of parts) {
        waiting.push({ ...part, of, alone: false });
        waitingBytes += part.bytes;
      }
      start();
      return of.done.promise;
    },
    async close() {
      closed = true;
      while (sending !== null) await sending;
      await line.close();
    },
  };
}

/**
 * Only what kafkajs does safely: not idempotent (with it, one lost answer loses acknowledged messages), acks from all,
 * one request at a time, awaited, and another producer after each fault. A repeat is possible and harmless.
 */
function createProducerLine({ kafka, topic, log, compressed }: SenderOptions) {
  const compression = compressed ? kafkajs.CompressionTypes.GZIP : kafkajs.CompressionTypes.None;
  let producer: Promise<Producer> | null = null;

  async function connected(): Promise<Producer> {
    const made = kafka.producer({
      allowAutoTopicCreation: false,
      idempotent: false,
      maxInFlightRequests: 1,
      // By key as Java's clients choose (murmur2), without one round robin, so that a repeat goes to another partition.
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await made.connect();
    return made;
  }
  async function drop(): Promise<void> {
    const dropped = producer;
    producer = null;
    try {
      await (await dropped)?.disconnect();
    } catch (fault) {
      log.debug({ err: fault, topic }, "a producer ended badly");
    }
  }
  return {
    async request(messages: OutMessage[]): Promise<void> {
      try {
        const ready = await (producer ??= connected());
        await ready.sendBatch({ acks: -1, timeout: ACKS_MS_MAX, compression, topicMessages: [{ topic, messages }] });
      } catch (fault) {
        void drop();
        throw fault;
      }
    },
    close: drop,
  };
}

/** A sender for each topic, made when it is first needed. Each has a connection of its own: a topic that is missing or slow delays no other. */
export function createSenders(options: Omit<SenderOptions, "topic">) {
  const senders = new Map<string, Sender>();
  return {
    send(topic: string, messages: readonly OutMessage[]): Promise<void> {
      const sender = senders.get(topic) ?? createSender({ ...options, topic });
      senders.set(topic, sender);
      return sender.send(messages);
    },
    async close(): Promise<void> {
      await Promise.all([...senders.values()].map((sender) => sender.close()));
    },
  };
}

/** Cuts messages into parts of which each fits into a request; a message that is too large by itself is left for the broker to refuse. */
export function cutByBytes(messages: readonly OutMessage[], bytesMax = REQUEST_BYTES_MAX): { messages: OutMessage[]; bytes: number }[] {
  const parts: { messages: OutMessage[]; bytes: number }[] = [];
  for (const message of messages) {
    const bytes = countBytes(message);
    const last = parts.at(-1);
    if (last !== undefined && last.bytes + bytes <= bytesMax) {
      last.messages.push(message);
      last.bytes += bytes;
    } else parts.push({ messages: [message], bytes });
  }
  return parts;
}

function countBytes({ key, value, headers }: OutMessage): number {
  let bytes = MESSAGE_OVERHEAD_BYTES + byteLength(key) + byteLength(value);
  for (const name in headers) bytes += name.length + byteLength(String(headers[name] ?? "")) + 4;
  return bytes;
}
const byteLength = (value: Buffer | string | null): number => (value === null ? 0 : Buffer.byteLength(value));
