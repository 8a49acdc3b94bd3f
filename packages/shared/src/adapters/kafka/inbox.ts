import type { KafkaMessage } from "kafkajs";

/** Messages of one partition, in their order. */
export interface Chunk {
  readonly topic: string;
  readonly partition: number;
  readonly messages: readonly KafkaMessage[];
}

/** What was fetched and waits to be delivered. It is bounded by whoever fetches: it says when it is full. */
export interface Inbox {
  readonly size: number;
  readonly full: boolean;
  put(chunk: Chunk): void;
  /** At most `count` messages, the oldest first; empty when none waits. */
  take(count: number): readonly Chunk[];
  /** Forgets everything: it will be fetched again. */
  clear(): void;
  /** Resolves when it is not full any more. */
  whenRoom(): Promise<void>;
}

export function createInbox(messagesMax: number): Inbox {
  let chunks: Chunk[] = [];
  let size = 0;
  let room = Promise.withResolvers<void>();
  const isFull = (): boolean => size >= messagesMax;

  function taken(count: number): void {
    size -= count;
    if (!isFull()) room.resolve();
  }
  return {
    get size() {
      return size;
    },
    get full() {
      return isFull();
    },
    put(chunk) {
      if (chunk.messages.length === 0) return;
      chunks.push(chunk);
      if (!isFull()) room = Promise.withResolvers();
      size += chunk.messages.length;
    },
    take(count) {
      const parts: Chunk[] = [];
      let left = count;
      while (left > 0 && chunks.length > 0) {
        const [first] = chunks as [Chunk];
        if (first.messages.length > left) {
          parts.push({ ...first, messages: first.messages.slice(0, left) });
          chunks[0] = { ...first, messages: first.messages.slice(left) };
          left = 0;
        } else {
          parts.push(first);
          chunks.shift();
          left -= first.messages.length;
        }
      }
      taken(count - left);
      return parts;
    },
    clear() {
      chunks = [];
      taken(size);
    },
    whenRoom: () => (isFull() ? room.promise : Promise.resolve()),
  };
}
