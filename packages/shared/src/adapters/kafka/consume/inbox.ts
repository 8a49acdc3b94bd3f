import type { KafkaMessage } from "kafkajs";

/** Messages of one partition, in their order. */
export interface Chunk {
  readonly topic: string;
  readonly partition: number;
  readonly messages: readonly KafkaMessage[];
}

/** Fetched messages that wait for delivery. The fetching code bounds it: the inbox reports when it is full. */
export interface Inbox {
  readonly size: number;
  readonly full: boolean;
  put(chunk: Chunk): void;
  /** At most `count` messages, the oldest first; empty when none waits. Of large ones fewer, but at least one. */
  take(count: number): readonly Chunk[];
  /** Forgets everything: it will be fetched again. */
  clear(): void;
  /** Resolves when it is not full any more. */
  whenRoom(): Promise<void>;
}

/** When an inbox is full: each limit alone. */
export interface InboxLimits {
  readonly messagesMax: number;
  /** Keys, values and headers. A message may be as large as its topic takes, and a thousand such ones are a gigabyte. */
  readonly bytesMax: number;
}

/** Of an inbox that is full by bytes, the part that one batch takes. */
const BATCH_BYTES_SHARE = 0.25;

export function createInbox({ messagesMax, bytesMax }: InboxLimits): Inbox {
  let chunks: Chunk[] = [];
  let size = 0;
  let bytes = 0;
  let room = Promise.withResolvers<void>();
  const isFull = (): boolean => size >= messagesMax || bytes >= bytesMax;

  /** The first messages of the oldest chunk. */
  function takeFirst(count: number): Chunk {
    const [first] = chunks as [Chunk];
    const taken = first.messages.length > count ? { ...first, messages: first.messages.slice(0, count) } : first;
    if (taken === first) chunks.shift();
    else chunks[0] = { ...first, messages: first.messages.slice(count) };
    size -= taken.messages.length;
    bytes -= countBytes(taken);
    return taken;
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
      bytes += countBytes(chunk);
    },
    take(count) {
      const parts: Chunk[] = [];
      let bytesLeft = bytesMax * BATCH_BYTES_SHARE;
      for (let left = count; left > 0 && chunks.length > 0;) {
        const fit = Math.min(left, fitting(chunks[0] as Chunk, bytesLeft));
        if (fit === 0 && parts.length > 0) break;
        const part = takeFirst(Math.max(1, fit));
        left -= part.messages.length;
        bytesLeft -= countBytes(part);
        parts.push(part);
      }
      if (!isFull()) room.resolve();
      return parts;
    },
    clear() {
      chunks = [];
      [size, bytes] = [0, 0];
      room.resolve();
    },
    whenRoom: () => (isFull() ? room.promise : Promise.resolve()),
  };
}

/** How many messages of a chunk fit into so many bytes. */
function fitting({ messages }: Chunk, bytesMax: number): number {
  let left = bytesMax;
  const over = messages.findIndex((message) => (left -= messageBytes(message)) < 0);
  return over === -1 ? messages.length : over;
}

const countBytes = ({ messages }: Chunk): number => messages.reduce((sum, message) => sum + messageBytes(message), 0);

/** Key, value and headers. */
export function messageBytes({ key, value, headers }: KafkaMessage): number {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0);
  for (const name in headers) bytes += name.length + headerBytes(headers[name]);
  return bytes;
}

const headerBytes = (value: Buffer | string | (Buffer | string)[] | undefined): number =>
  Array.isArray(value) ? value.reduce((sum, one) => sum + (one?.length ?? 0), 0) : (value?.length ?? 0);
