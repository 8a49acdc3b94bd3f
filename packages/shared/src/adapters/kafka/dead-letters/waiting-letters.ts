import type { IHeaders, KafkaMessage } from "kafkajs";
import type { Position } from "../consume/committer.ts";
import type { DeadLetter } from "./dead-message.ts";
import { messageBytes } from "../consume/inbox.ts";

/** They are full when there are so many. */
export const LETTERS_WAITING_MAX = 1_000;
/** Or so many bytes. One batch may come on top. */
const LETTERS_WAITING_BYTES_MAX = 16 * 1_048_576;

/** Letters of one batch, and the positions that are done with them. */
interface Waiting {
  readonly letters: readonly DeadLetter[];
  readonly bytes: number;
  /** By topic and partition. */
  readonly positions: Map<string, Position>;
}

/** Dead letters that are not known to be safe, in the order of their batches. `onRoom`: called when they are not full any more. */
export function createWaitingLetters(onRoom: () => void) {
  let waiting: Waiting[] = [];
  let count = 0;
  let bytes = 0;
  const isFull = (): boolean => count >= LETTERS_WAITING_MAX || bytes >= LETTERS_WAITING_BYTES_MAX;

  function stretch(positions: readonly Position[]): boolean {
    const last = waiting.at(-1);
    for (const position of positions) last?.positions.set(`${position.topic}/${position.partition}`, position);
    return last !== undefined;
  }
  function keep(rest: Waiting[]): void {
    const wasFull = isFull();
    waiting = rest;
    count = rest.reduce((sum, { letters }) => sum + letters.length, 0);
    bytes = rest.reduce((sum, each) => sum + each.bytes, 0);
    if (wasFull && !isFull()) onRoom();
  }
  return {
    isFull,
    first: (): Waiting | undefined => waiting[0],
    push(positions: readonly Position[], letters: readonly DeadLetter[]): void {
      const size = letters.reduce((sum, { message }) => sum + messageBytes(message), 0);
      waiting.push({ letters: letters.map(withOwnBytes), bytes: size, positions: new Map() });
      stretch(positions);
      count += letters.length;
      bytes += size;
    },
    /** A batch without letters is done with the last ones that wait. False: none waits. */
    stretch,
    shift: (): void => keep(waiting.slice(1)),
    clear: (): void => keep([]),
  };
}

/** kafkajs hands out windows of what it fetched: a letter of a few bytes that waits would keep megabytes. */
function withOwnBytes(letter: DeadLetter): DeadLetter {
  const { key, value, headers } = letter.message;
  const copies = Object.entries(headers ?? {}).map(([name, text]) => [name, Array.isArray(text) ? text.map(copyOf) : copyOf(text)]);
  const message = { ...letter.message, key: copyOf(key), value: copyOf(value), headers: Object.fromEntries(copies) as IHeaders };
  return { ...letter, message: message as KafkaMessage };
}

const copyOf = <Bytes>(bytes: Bytes): Bytes | Buffer => (Buffer.isBuffer(bytes) ? Buffer.from(bytes) : bytes);
