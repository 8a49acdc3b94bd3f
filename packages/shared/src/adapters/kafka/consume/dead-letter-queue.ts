import type { IHeaders, KafkaMessage } from "kafkajs";
import type { Clock } from "../../../ports/clock.ts";
import { createBackoff } from "../../../runtime/backoff.ts";
import type { Logger } from "../../../runtime/log/logger.ts";
import { BROKER_BACKOFF } from "../bus-fault.ts";
import type { Position } from "./committer.ts";
import type { DeadLetter } from "./dead-letters.ts";
import { messageBytes } from "./inbox.ts";

export interface DeadLetterQueueOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Rejects when the letters are not known to be safe. */
  readonly send: (letters: readonly DeadLetter[]) => Promise<void>;
  /** Called with the positions behind what was taken, in its order, once all letters up to there are safe. */
  readonly onDone: (positions: readonly Position[]) => void;
  /** Called when it is not full any more. */
  readonly onRoom: () => void;
}

/**
 * Keeps the dead letters of batches that were taken, while the next batches are delivered: a topic of dead letters that is slow or
 * unavailable delays no good message. No position is done before its letters are safe, nor before the positions ahead of it.
 */
export interface DeadLetterQueue {
  /** `positions`: those behind the batch, one a partition. */
  add(positions: readonly Position[], letters: readonly DeadLetter[]): void;
  /** So many letters wait that no batch should be delivered. */
  readonly full: boolean;
  /** Forgets what waits: its messages are fetched again, here or by another member. */
  clear(): void;
  /** Resolves once nothing is being sent. What waits is tried once; what is not safe then is fetched again. */
  stop(): Promise<void>;
}

/** It is full when so many letters wait. */
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

function isFull(waiting: readonly Waiting[]): boolean {
  const sum = (size: (one: Waiting) => number): number => waiting.reduce((total, one) => total + size(one), 0);
  return sum(({ letters }) => letters.length) >= LETTERS_WAITING_MAX || sum(({ bytes }) => bytes) >= LETTERS_WAITING_BYTES_MAX;
}

export function createDeadLetterQueue(options: DeadLetterQueueOptions): DeadLetterQueue {
  const { clock, onDone, onRoom } = options;
  const backoff = createBackoff(clock, BROKER_BACKOFF);
  /** In the order of their batches. */
  let waiting: readonly Waiting[] = [];
  let stopped = false;
  let running: Promise<void> | null = null;

  function keep(rest: readonly Waiting[]): void {
    const hasRoom = isFull(waiting) && !isFull(rest);
    waiting = rest;
    if (hasRoom) onRoom();
  }
  async function sendAll(): Promise<void> {
    let tries = 0;
    for (let [first] = waiting; first !== undefined; [first] = waiting) {
      const safe = await trySend(options, first.letters);
      const wasCleared = waiting[0] !== first;
      if (!safe && !wasCleared) {
        if (stopped) return;
        await backoff.wait((tries += 1));
        continue;
      }
      tries = 0;
      if (wasCleared) continue;
      onDone([...first.positions.values()]);
      keep(waiting.slice(1));
    }
  }
  function start(): void {
    running ??= sendAll().finally(() => {
      running = null;
      if (waiting.length > 0 && !stopped) start(); // What was added just after the last letters were safe.
    });
  }
  return {
    add(positions, letters) {
      const bytes = letters.reduce((total, { message }) => total + messageBytes(message), 0);
      if (letters.length > 0) waiting = [...waiting, { letters: letters.map(withOwnBytes), bytes, positions: new Map() }];
      const last = waiting.at(-1);
      if (last === undefined) return onDone(positions);
      // A batch without letters is done with the last ones that wait.
      for (const position of positions) last.positions.set(`${position.topic}/${position.partition}`, position);
      if (letters.length > 0) start();
    },
    get full() {
      return isFull(waiting);
    },
    clear() {
      keep([]);
      backoff.cut();
    },
    async stop() {
      stopped = true;
      backoff.cut();
      await running;
    },
  };
}

async function trySend({ send, log }: DeadLetterQueueOptions, letters: readonly DeadLetter[]): Promise<boolean> {
  try {
    await send(letters);
    return true;
  } catch (cause) {
    log.warn({ err: cause, letters: letters.length }, "the dead letters were not taken; it will be tried again");
    return false;
  }
}

/** kafkajs returns windows of what it fetched: a letter of a few bytes that waits would keep megabytes. */
function withOwnBytes(letter: DeadLetter): DeadLetter {
  const { key, value, headers } = letter.message;
  const copies = Object.entries(headers ?? {}).map(([name, text]) => [name, Array.isArray(text) ? text.map(copyBytes) : copyBytes(text)]);
  const message = { ...letter.message, key: copyBytes(key), value: copyBytes(value), headers: Object.fromEntries(copies) as IHeaders };
  return { ...letter, message: message as KafkaMessage };
}

const copyBytes = <Bytes>(bytes: Bytes): Bytes | Buffer => (Buffer.isBuffer(bytes) ? Buffer.from(bytes) : bytes);
