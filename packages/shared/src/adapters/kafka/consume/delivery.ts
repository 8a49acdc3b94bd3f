import type { Clock } from "../../../ports/clock.ts";
import type { DeadLetterQueue } from "./dead-letter-queue.ts";
import type { Position } from "./committer.ts";
import type { Chunk, Inbox } from "./inbox.ts";
import { createBackoff } from "../../../runtime/backoff.ts";
import { BROKER_BACKOFF } from "../bus-fault.ts";
import type { TakeBatch } from "./take-batch.ts";

export interface DeliveryOptions {
  readonly clock: Clock;
  readonly inbox: Inbox;
  readonly take: TakeBatch;
  /** Gets the positions of what was taken, with its dead letters. */
  readonly deadLetters: DeadLetterQueue;
  readonly batchEventsMax: number;
}

/** Delivers the messages of an inbox to a consumer, one batch after another, apart from the loop that fetches them. */
export interface Delivery {
  start(): void;
  /** Something came into the inbox, or there is room for letters again. */
  wake(): void;
  pause(): void;
  resume(): void;
  /** The present batch will be fetched again: it is not retried once it has failed. */
  abandon(): void;
  /** Resolves once no `onBatch` is running, and none will start. */
  stop(): Promise<void>;
}

export function createDelivery({ clock, inbox, take, deadLetters, batchEventsMax }: DeliveryOptions): Delivery {
  let stopped = false;
  let generation = 0;
  let paused = false;
  const backoff = createBackoff(clock, BROKER_BACKOFF);
  let change = Promise.withResolvers<void>();
  let running: Promise<void> = Promise.resolve();

  function wake(): void {
    change.resolve();
    change = Promise.withResolvers();
  }
  async function run(): Promise<void> {
    while (!stopped) {
      if (paused || inbox.size === 0 || deadLetters.full) await change.promise;
      else await deliver(inbox.take(batchEventsMax));
    }
  }
  /** Retries until it is done, or is fetched again elsewhere. An unavailable store or registry delays it, however long. */
  async function deliver(chunks: readonly Chunk[]): Promise<void> {
    const began = generation;
    const isOver = (): boolean => stopped || began !== generation;
    for (let tries = 1; !isOver(); tries += 1) {
      while (paused && !isOver()) await change.promise;
      if (isOver()) return;
      const letters = await take(chunks, tries);
      if (letters !== null) {
        if (began === generation) deadLetters.add(chunks.map(positionBehind), letters);
        return;
      }
      if (!isOver()) await backoff.wait(tries);
    }
  }
  return {
    start() {
      running = run();
    },
    wake,
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
      wake();
    },
    abandon() {
      generation += 1;
      deadLetters.clear();
      backoff.cut();
      wake();
    },
    async stop() {
      stopped = true;
      backoff.cut();
      wake();
      await running;
      await deadLetters.stop();
    },
  };
}

/** A batch holds the messages of a partition in order: its last chunk of one says the last position. */
const positionBehind = ({ topic, partition, messages }: Chunk): Position => ({
  topic,
  partition,
  offset: String(BigInt(messages.at(-1)?.offset ?? 0) + 1n),
});
