import type { Clock } from "../../../ports/clock.ts";
import type { Logger } from "../../../runtime/logger.ts";
import type { Position } from "../consume/committer.ts";
import type { DeadLetter } from "./dead-message.ts";
import { createBackoff } from "../../../runtime/backoff.ts";
import { BROKER_BACKOFF } from "../bus-fault.ts";
import { createWaitingLetters } from "./waiting-letters.ts";

export interface BurialOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Rejects when the letters are not known to be safe. */
  readonly bury: (letters: readonly DeadLetter[]) => Promise<void>;
  /** Called with the positions behind what was taken, in its order, once all letters up to there are safe. */
  readonly onDone: (positions: readonly Position[]) => void;
  /** Called when it is not full any more. */
  readonly onRoom: () => void;
}

/**
 * Keeps the dead letters of batches that were taken, while the next batches are delivered: a topic of dead letters that is slow or
 * unavailable holds up no good message. No position is done before its letters are safe, nor before the positions ahead of it.
 */
export interface Burial {
  /** `positions`: those behind the batch, one a partition. */
  add(positions: readonly Position[], letters: readonly DeadLetter[]): void;
  /** So many letters wait that no batch should be delivered. */
  readonly full: boolean;
  /** Forgets what waits: its messages are fetched again, here or by another member. */
  abandon(): void;
  /** Resolves once nothing is being buried. What waits is tried once; what is not taken then is fetched again. */
  stop(): Promise<void>;
}

export function createBurial(options: BurialOptions): Burial {
  const { clock, onDone, onRoom } = options;
  const waiting = createWaitingLetters(onRoom);
  const backoff = createBackoff(clock, BROKER_BACKOFF);
  let stopped = false;
  let running: Promise<void> | null = null;

  async function buryAll(): Promise<void> {
    let tries = 0;
    for (let first = waiting.first(); first !== undefined; first = waiting.first()) {
      const safe = await isBuried(options, first.letters);
      if (waiting.first() !== first) {
        tries = 0; // It was abandoned meanwhile.
      } else if (safe) {
        tries = 0;
        onDone([...first.positions.values()]);
        waiting.shift();
      } else if (stopped) {
        return;
      } else {
        await backoff.wait((tries += 1));
      }
    }
  }
  function start(): void {
    running ??= buryAll().finally(() => {
      running = null;
      if (waiting.first() !== undefined && !stopped) start(); // What was added in the very turn in which the last was buried.
    });
  }
  return {
    add(positions, letters) {
      if (letters.length > 0) {
        waiting.push(positions, letters);
        start();
      } else if (!waiting.stretch(positions)) {
        onDone(positions);
      }
    },
    get full() {
      return waiting.isFull();
    },
    abandon() {
      waiting.clear();
      backoff.cut();
    },
    async stop() {
      stopped = true;
      backoff.cut();
      await running;
    },
  };
}

async function isBuried({ bury, log }: BurialOptions, letters: readonly DeadLetter[]): Promise<boolean> {
  try {
    await bury(letters);
    return true;
  } catch (cause) {
    log.warn({ err: cause, letters: letters.length }, "the dead letters were not taken; it will be tried again");
    return false;
  }
}
