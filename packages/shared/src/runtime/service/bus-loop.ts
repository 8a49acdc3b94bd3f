import { AppError } from "../../domain/app-error.ts";
import { createLoop, type Loop, type LoopOptions } from "./loop.ts";

export interface BusLoopOptions extends LoopOptions {
  /** How long `stop` waits for answers of the bus, in milliseconds. */
  readonly stopMs: number;
}

export interface BusLoop extends Loop {
  /** Passes on an answer of the bus, and a fault. Rejects if it does not come before the loop has stopped: what becomes of it then is not known. */
  answer<Answer>(answer: Promise<Answer>): Promise<Answer>;
}

/** A loop whose rounds wait for the bus: one that never answers keeps a round waiting, and must not keep the loop from stopping. */
export function createBusLoop({ stopMs, ...options }: BusLoopOptions): BusLoop {
  const { name, clock } = options;
  const loop = createLoop(options);
  const waiting = new Set<(fault: Error) => void>();
  /** From the end of a stop's time to the next start: what the round under way asks for then is given up at once. */
  let givenUp = false;

  function giveUp(): void {
    givenUp = true;
    for (const reject of waiting) reject(unanswered());
  }
  const unanswered = (): Error => new AppError("bus_unavailable", `${name}: the bus did not answer before the stop`, { retryable: true });
  return {
    ...loop,
    start() {
      givenUp = false;
      return loop.start();
    },
    // Not a race against one promise of the loop, which would keep every answer in memory while the loop runs.
    answer<Answer>(answer: Promise<Answer>) {
      const { promise, resolve, reject } = Promise.withResolvers<Answer>();
      waiting.add(reject);
      void answer.then(resolve, reject).finally(() => waiting.delete(reject));
      if (givenUp) reject(unanswered());
      return promise;
    },
    async stop() {
      const stopped = loop.stop();
      const timer = clock.setTimer(stopMs, giveUp);
      await stopped;
      timer.cancel();
    },
  };
}
