import type { Clock } from "../../ports/clock.ts";
import type { Chunk, Inbox } from "./inbox.ts";
import type { TakeBatch } from "./take-batch.ts";

export interface DeliveryOptions {
  readonly clock: Clock;
  readonly inbox: Inbox;
  readonly take: TakeBatch;
  /** Called with what was taken, or buried, and need not come again. */
  readonly onDone: (chunks: readonly Chunk[]) => void;
  readonly batchEventsMax: number;
}

/** Hands the messages of an inbox to a consumer, one batch after another, apart from the loop that fetches them. */
export interface Delivery {
  start(): void;
  /** Something came into the inbox. */
  wake(): void;
  pause(): void;
  resume(): void;
  /** What is in hand will come again: it is not tried any more once it has failed. */
  abandon(): void;
  /** Resolves once no `onBatch` is running, and none will start. */
  stop(): Promise<void>;
}

/** Wait before a batch is tried again: it doubles with each fault from the first to the last. */
const RETRY_MS_MIN = 50;
const RETRY_MS_MAX = 5_000;

export function createDelivery({ clock, inbox, take, onDone, batchEventsMax }: DeliveryOptions): Delivery {
  let stopped = false;
  let generation = 0;
  let paused = false;
  const retryPause = createPause(clock);
  let change = Promise.withResolvers<void>();
  let running: Promise<void> = Promise.resolve();

  function wake(): void {
    change.resolve();
    change = Promise.withResolvers();
  }
  async function run(): Promise<void> {
    while (!stopped) {
      if (paused || inbox.size === 0) await change.promise;
      else await deliver(inbox.take(batchEventsMax));
    }
  }
  /** Tries until it is done, or comes again elsewhere. A store or registry that is away holds it, for however long. */
  async function deliver(chunks: readonly Chunk[]): Promise<void> {
    const began = generation;
    const isOver = (): boolean => stopped || began !== generation;
    for (let tries = 1; !isOver(); tries += 1) {
      while (paused && !isOver()) await change.promise;
      if (isOver()) return;
      if (await take(chunks, tries)) {
        if (began === generation) onDone(chunks);
        return;
      }
      if (!isOver()) await retryPause.wait(Math.min(RETRY_MS_MIN * 2 ** (tries - 1), RETRY_MS_MAX));
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
      retryPause.end();
      wake();
    },
    async stop() {
      stopped = true;
      retryPause.end();
      wake();
      await running;
    },
  };
}

/** One wait at a time, that can be ended. */
function createPause(clock: Clock): { wait(ms: number): Promise<void>; end(): void } {
  let end = (): void => undefined;
  return {
    async wait(ms) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = clock.setTimer(ms, resolve);
      end = resolve;
      await promise;
      timer.cancel();
    },
    end: () => end(),
  };
}
