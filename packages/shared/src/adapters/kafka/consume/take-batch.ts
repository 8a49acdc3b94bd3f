import { AppError } from "../../../domain/app-error.ts";
import type { Decoded, EventCodec, WireMessage } from "../../../events/wire/event-codec.ts";
import type { TicklineEvent } from "../../../events/event.ts";
import type { SubscribeRequest, UnreadableMessage } from "../../../ports/bus.ts";
import type { Logger } from "../../../runtime/log/logger.ts";
import type { DeadLetter } from "./dead-letters.ts";
import type { Chunk } from "./inbox.ts";

export interface TakeBatchOptions {
  readonly log: Logger;
  readonly codec: EventCodec;
  readonly request: Pick<SubscribeRequest, "onBatch" | "onUnreadable">;
}

/**
 * Tries to deliver a batch to its consumer, for the first time or again. Resolves with those of its messages that go to the dead letters; null:
 * it has to be tried again. Never rejects.
 */
export type TakeBatch = (chunks: readonly Chunk[], tries: number) => Promise<readonly DeadLetter[] | null>;

/** Times a batch is tried that fails for no passing reason, about ten seconds all in all. Then its messages are tried one by one. */
export const FINAL_TRIES_MAX = 9;

/**
 * A message that cannot be read, or that its consumer refuses, is a dead letter, and the rest is taken. A passing fault, such as an unavailable
 * store or registry, makes no dead letter: the batch waits, however long it takes.
 */
export function createTakeBatch({ log, codec, request: { onBatch, onUnreadable } }: TakeBatchOptions): TakeBatch {
  async function take(chunks: readonly Chunk[]): Promise<readonly DeadLetter[]> {
    const decoded = await codec.decode(chunks.flatMap(({ messages }) => messages.map(toWire)));
    const events = pickEvents(decoded);
    const refused = events.length === 0 ? [] : ((await onBatch(events)) ?? []);
    const unreadable = pickUnreadable(decoded);
    if (unreadable.length > 0) await onUnreadable?.(unreadable);
    return toLetters(chunks, decoded, new Map(refused.map(({ event, reason }) => [event, reason])));
  }
  /** One bug must not stop a partition, nor send all of its batch to the dead letters: each message is tried alone, and is a letter if it fails again. */
  async function takeEach(chunks: readonly Chunk[]): Promise<readonly DeadLetter[] | null> {
    const letters: DeadLetter[] = [];
    for (const { topic, partition, message } of listMessages(chunks)) {
      try {
        letters.push(...(await take([{ topic, partition, messages: [message] }])));
      } catch (fault) {
        if (passes(fault)) return null;
        letters.push({ topic, partition, message, reason: `failed ${FINAL_TRIES_MAX} times: ${describeFault(fault)}` });
      }
    }
    return letters;
  }
  return async (chunks, tries) => {
    try {
      return await take(chunks);
    } catch (fault) {
      const topics = [...new Set(chunks.map(({ topic }) => topic))];
      log.warn({ err: fault, tries, topics }, "a batch was not taken; it will be tried again");
      return passes(fault) || tries < FINAL_TRIES_MAX ? null : takeEach(chunks);
    }
  };
}

const passes = (fault: unknown): boolean => fault instanceof AppError && fault.retryable;
const describeFault = (fault: unknown): string => (fault instanceof Error ? fault.message : String(fault));

const toWire = ({ key, value, headers }: Chunk["messages"][number]): WireMessage => ({ key, value, headers: headers ?? {} });

const listMessages = (chunks: readonly Chunk[]) =>
  chunks.flatMap(({ topic, partition, messages }) => messages.map((message) => ({ topic, partition, message })));

/**
 * What cannot be read, and what its consumer refuses. An unknown type is no fault: a newer version publishes it for newer readers, and it is
 * skipped.
 */
function toLetters(chunks: readonly Chunk[], decoded: readonly Decoded[], refused: ReadonlyMap<TicklineEvent, string>): DeadLetter[] {
  if (refused.size === 0 && decoded.every(({ kind }) => kind !== "undecodable")) return [];
  const placed = listMessages(chunks);
  return decoded.flatMap((read, index) => {
    const place = placed[index];
    const reason = read.kind === "undecodable" ? read.reason : read.kind === "event" ? refused.get(read.event) : undefined;
    return place !== undefined && reason !== undefined ? [{ ...place, reason }] : [];
  });
}

const pickUnreadable = (decoded: readonly Decoded[]): UnreadableMessage[] =>
  decoded.flatMap((read) =>
    read.kind === "undecodable" && read.attributes !== undefined ? [{ ...read.attributes, reason: read.reason }] : [],
  );

const pickEvents = (decoded: readonly Decoded[]): TicklineEvent[] => decoded.flatMap((read) => (read.kind === "event" ? [read.event] : []));
