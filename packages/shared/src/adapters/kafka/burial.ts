import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { DeadLetter } from "./dead-message.ts";
import type { Chunk } from "./inbox.ts";
import { createRetryPause } from "./retry-pause.ts";

export interface BurialOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Rejects when the letters are not known to be safe. */
  readonly bury: (letters: readonly DeadLetter[]) => Promise<void>;
  /** Called with what was taken, in the order in which it was, once all letters up to it are safe. */
  readonly onDone: (chunks: readonly Chunk[]) => void;
  /** Called when it is not full any more. */
  readonly onRoom: () => void;
}

/**
 * Keeps the letters of batches that were taken, while the next ones are being delivered: garbage, or a topic of dead letters that does not
 * answer, holds up no good message. Nothing is done before its letters are safe, nor before what came ahead of it.
 */
export interface Burial {
  add(chunks: readonly Chunk[], letters: readonly DeadLetter[]): void;
  /** So many letters wait that no batch should be delivered. */
  readonly full: boolean;
  /** What waits will come again elsewhere. */
  abandon(): void;
  /** Resolves once nothing is being buried. What waits is tried once; what is not taken then comes again. */
  stop(): Promise<void>;
}

/** Letters that may wait before it is full. */
const LETTERS_WAITING_MAX = 1_000;

interface Taken {
  readonly chunks: readonly Chunk[];
  readonly letters: readonly DeadLetter[];
}

export function createBurial({ clock, log, bury, onDone, onRoom }: BurialOptions): Burial {
  let waiting: Taken[] = [];
  let letters = 0;
  let stopped = false;
  let running: Promise<void> | null = null;
  const retryPause = createRetryPause(clock);
  const isFull = (): boolean => letters >= LETTERS_WAITING_MAX;

  function forget(taken: readonly Taken[]): void {
    const wasFull = isFull();
    letters -= taken.reduce((sum, each) => sum + each.letters.length, 0);
    if (wasFull && !isFull()) onRoom();
  }
  async function buryAll(): Promise<void> {
    let tries = 0;
    for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
      const safe = await isBuried(first);
      if (waiting[0] !== first) tries = 0; // It was abandoned meanwhile.
      else if (safe) {
        tries = 0;
        waiting.shift();
        forget([first]);
        onDone(first.chunks);
      } else if (stopped) return;
      else await retryPause.wait((tries += 1));
    }
  }
  async function isBuried({ letters: some }: Taken): Promise<boolean> {
    try {
      if (some.length > 0) await bury(some);
      return true;
    } catch (cause) {
      log.warn({ err: cause, letters: some.length }, "the dead letters were not taken; it will be tried again");
      return false;
    }
  }
  function start(): void {
    running ??= buryAll().finally(() => {
      running = null;
      if (waiting.length > 0 && !stopped) start(); // What was added in the very turn in which the last was buried.
    });
  }
  return {
    add(chunks, added) {
      if (waiting.length === 0 && added.length === 0) return onDone(chunks);
      waiting.push({ chunks, letters: added });
      letters += added.length;
      start();
    },
    get full() {
      return isFull();
    },
    abandon() {
      const abandoned = waiting;
      waiting = [];
      forget(abandoned);
      retryPause.end();
    },
    async stop() {
      stopped = true;
      retryPause.end();
      await running;
    },
  };
}
