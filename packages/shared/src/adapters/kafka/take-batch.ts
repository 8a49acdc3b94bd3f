import { AppError } from "../../domain/app-error.ts";
import type { Decoded, EventCodec, WireMessage } from "../../events/wire/event-codec.ts";
import type { TicklineEvent } from "../../events/event.ts";
import type { SubscribeRequest, UnreadableMessage } from "../../ports/bus.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { DeadLetter } from "./dead-message.ts";
import type { Chunk } from "./inbox.ts";

export interface TakeBatchOptions {
  readonly log: Logger;
  readonly codec: EventCodec;
  readonly request: Pick<SubscribeRequest, "onBatch" | "onUnreadable">;
  /** Rejects when the letters are not safe. */
  readonly bury: (letters: readonly DeadLetter[]) => Promise<void>;
}

/** Tries to hand a batch to its consumer, for the first time or again. False: it has to be tried again. Never rejects. */
export type TakeBatch = (chunks: readonly Chunk[], tries: number) => Promise<boolean>;

/** Times a batch is tried that fails for no passing reason, about ten seconds all in all. Then its messages are tried one by one. */
export const FINAL_TRIES_MAX = 9;

/**
 * A message that cannot be read, or that its consumer refuses, is buried, and the rest is taken. What passes, such as a store or a
 * registry that is away, buries nothing: the batch waits, for however long.
 */
export function createTakeBatch({ log, codec, request: { onBatch, onUnreadable }, bury }: TakeBatchOptions): TakeBatch {
  async function take(chunks: readonly Chunk[]): Promise<void> {
    const decoded = await codec.decode(chunks.flatMap(({ messages }) => messages.map(toWire)));
    const events = eventsOf(decoded);
    const refused = events.length === 0 ? [] : ((await onBatch(events)) ?? []);
    const unreadable = unreadableOf(decoded);
    if (unreadable.length > 0) await onUnreadable?.(unreadable);
    // Last of all: a batch that waits for a store would otherwise bury them again with each try.
    const letters = lettersOf(chunks, decoded, new Map(refused.map(({ event, reason }) => [event, reason])));
    if (letters.length > 0) await bury(letters);
  }
  /** One bug must not stop a partition, nor bury what stands beside its cause: each message is tried alone, and buried if it fails again. */
  async function takeEach(chunks: readonly Chunk[]): Promise<boolean> {
    const letters: DeadLetter[] = [];
    for (const { topic, partition, message } of placedOf(chunks)) {
      try {
        await take([{ topic, partition, messages: [message] }]);
      } catch (fault) {
        if (passes(fault)) return false;
        letters.push({ topic, partition, message, reason: `failed ${FINAL_TRIES_MAX} times: ${reasonOf(fault)}` });
      }
    }
    try {
      if (letters.length > 0) await bury(letters);
      return true;
    } catch (cause) {
      log.warn({ err: cause }, "the dead letters were not taken; it will be tried again");
      return false;
    }
  }
  return async (chunks, tries) => {
    try {
      await take(chunks);
      return true;
    } catch (fault) {
      const topics = [...new Set(chunks.map(({ topic }) => topic))];
      log.warn({ err: fault, tries, topics }, "a batch was not taken; it will be tried again");
      return passes(fault) || tries < FINAL_TRIES_MAX ? false : takeEach(chunks);
    }
  };
}

const passes = (fault: unknown): boolean => fault instanceof AppError && fault.retryable;
const reasonOf = (fault: unknown): string => (fault instanceof Error ? fault.message : String(fault));

const toWire = ({ key, value, headers }: Chunk["messages"][number]): WireMessage => ({ key, value, headers: headers ?? {} });

const placedOf = (chunks: readonly Chunk[]) =>
  chunks.flatMap(({ topic, partition, messages }) => messages.map((message) => ({ topic, partition, message })));

/**
 * What cannot be read, and what its consumer refuses. An unknown type is no fault: a newer version says it to newer readers, and it is
 * passed over.
 */
function lettersOf(chunks: readonly Chunk[], decoded: readonly Decoded[], refused: ReadonlyMap<TicklineEvent, string>): DeadLetter[] {
  if (refused.size === 0 && decoded.every(({ kind }) => kind !== "undecodable")) return [];
  const placed = placedOf(chunks);
  return decoded.flatMap((read, index) => {
    const place = placed[index];
    const reason = read.kind === "undecodable" ? read.reason : read.kind === "event" ? refused.get(read.event) : undefined;
    return place !== undefined && reason !== undefined ? [{ ...place, reason }] : [];
  });
}

const unreadableOf = (decoded: readonly Decoded[]): UnreadableMessage[] =>
  decoded.flatMap((read) =>
    read.kind === "undecodable" && read.attributes !== undefined ? [{ ...read.attributes, reason: read.reason }] : [],
  );

const eventsOf = (decoded: readonly Decoded[]): TicklineEvent[] => decoded.flatMap((read) => (read.kind === "event" ? [read.event] : []));
