import { createFifo } from "@tickline/shared/domain/fifo";
import { createQueueLanes } from "@tickline/shared/domain/queue-lanes";
import type { Clock } from "@tickline/shared/ports/clock";
import type { ExecutorConfig } from "../executor-config.ts";
import { callHandler, type HandlerCalls } from "./call-handler.ts";
import { oncePerTurn } from "../once-per-turn.ts";
import type { RunningAttempt } from "./running-attempt.ts";

export interface AttemptRunnerOptions {
  readonly clock: Clock;
  readonly config: Pick<ExecutorConfig, "startSliceMs" | "queues">;
  readonly calls: HandlerCalls;
}

/**
 * Calls handlers in turns of the event loop of their own: never inside the callback of a consumer or of the scheduler. Those of a queue that goes first
 * are called first, however many of another were there before.
 */
export interface AttemptRunner {
  start(attempts: readonly RunningAttempt[]): void;
}

export function createAttemptRunner({ clock, config, calls }: AttemptRunnerOptions): AttemptRunner {
  const ready = createQueueLanes(config.queues, () => createFifo<RunningAttempt>());
  const next = (): RunningAttempt | undefined => ready.next(({ size }) => size > 0)?.shift();
  const sliceSoon = oncePerTurn(slice);

  /** Calls handlers until none is ready or the slice is used up: a long row of busy handlers must not hold up the rest. */
  function slice(): void {
    const untilMs = clock.monotonicMs() + config.startSliceMs;
    while (clock.monotonicMs() < untilMs) {
      const attempt = next();
      if (attempt === undefined) return;
      callHandler(attempt, calls);
    }
    if (ready.all.some(({ size }) => size > 0)) sliceSoon();
  }
  return {
    start(attempts) {
      for (const attempt of attempts) ready.of(attempt.claim.run.queue).add(attempt);
      sliceSoon();
    },
  };
}
