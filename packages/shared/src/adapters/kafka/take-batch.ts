import { AppError } from "../../domain/app-error.ts";
import type { Decoded, EventCodec, WireMessage } from "../../events/wire/event-codec.ts";
import type { TicklineEvent } from "../../events/event.ts";
import type { SubscribeRequest, UnreadableMessage } from "../../ports/bus.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { DeadLetter } from "./dead-letters.ts";
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

/** Times a batch is tried that fails for no passing reason, about ten seconds all in all. Then it is buried. */
export const FINAL_TRIES_MAX = 9;

/**
 * A message that cannot be read is buried, and the rest is taken. What passes, such as a store or a registry that is
 * away, buries nothing: the batch waits, for however long.
 */
export function createTakeBatch({ log, codec, request: { onBatch, onUnreadable }, bury }: TakeBatchOptions): TakeBatch {
  async function take(chunks: readonly Chunk[]): Promise<void> {
    const decoded = await codec.decode(chunks.flatMap(({ messages }) => messages.map(toWire)));
    const letters = undecodableOf(chunks, decoded);
    const unreadable = unreadableOf(decoded);
    if (unreadable.length > 0) await onUnreadable?.(unreadable);
    if (letters.length > 0) await bury(letters);
    const events = eventsOf(decoded);
    if (events.length > 0) await onBatch(events);
  }
  /** One bug must not stop a partition: what nobody can take is kept where it is seen, and the rest goes on. */
  async function giveUp(chunks: readonly Chunk[], fault: unknown): Promise<boolean> {
    const reason = `refused ${FINAL_TRIES_MAX} times: ${fault instanceof Error ? fault.message : String(fault)}`;
    try {
      await bury(placedOf(chunks).map((place) => ({ ...place, reason })));
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
      log.warn(
        { err: fault, tries, topics: [...new Set(chunks.map(({ topic }) => topic))] },
        "a batch was not taken; it will be tried again",
      );
      const passes = fault instanceof AppError && fault.retryable;
      return passes || tries < FINAL_TRIES_MAX ? false : giveUp(chunks, fault);
    }
  };
}

const toWire = ({ key, value, headers }: Chunk["messages"][number]): WireMessage => ({ key, value, headers: headers ?? {} });

const placedOf = (chunks: readonly Chunk[]) =>
  chunks.flatMap(({ topic, partition, messages }) => messages.map((message) => ({ topic, partition, message })));

/** What cannot be read. An unknown type is no fault: a newer version says it to newer readers, and it is passed over. */
function undecodableOf(chunks: readonly Chunk[], decoded: readonly Decoded[]): DeadLetter[] {
  if (decoded.every(({ kind }) => kind !== "undecodable")) return [];
  const placed = placedOf(chunks);
  return decoded.flatMap((read, index) => {
    const place = placed[index];
    return read.kind === "undecodable" && place !== undefined ? [{ ...place, reason: read.reason }] : [];
  });
}

const unreadableOf = (decoded: readonly Decoded[]): UnreadableMessage[] =>
  decoded.flatMap((read) =>
    read.kind === "undecodable" && read.attributes !== undefined ? [{ ...read.attributes, reason: read.reason }] : [],
  );

const eventsOf = (decoded: readonly Decoded[]): TicklineEvent[] => decoded.flatMap((read) => (read.kind === "event" ? [read.event] : []));
