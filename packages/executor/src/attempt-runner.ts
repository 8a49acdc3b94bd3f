import type { Clock } from "@tickline/shared/ports/clock";
import type { ExecutorConfig } from "./executor-config.ts";
import { callHandler, type HandlerCalls } from "./call-handler.ts";
import { oncePerTurn } from "./once-per-turn.ts";
import type { RunningAttempt } from "./running-attempt.ts";

export interface AttemptRunnerOptions {
  readonly clock: Clock;
  readonly config: Pick<ExecutorConfig, "startSliceMs">;
  readonly calls: HandlerCalls;
}

/** Calls handlers in turns of the event loop of their own: never inside the callback of a consumer or of the scheduler. */
export interface AttemptRunner {
  start(attempts: readonly RunningAttempt[]): void;
}

export function createAttemptRunner({ clock, config, calls }: AttemptRunnerOptions): AttemptRunner {
  let ready: RunningAttempt[] = [];
  const sliceSoon = oncePerTurn(slice);

  /** Calls handlers until none is ready or the slice is used up: a long row of busy handlers must not hold up the rest. */
  function slice(): void {
    const untilMs = clock.monotonicMs() + config.startSliceMs;
    let begun = 0;
    for (const attempt of ready) {
      if (clock.monotonicMs() >= untilMs) break;
      callHandler(attempt, calls);
      begun += 1;
    }
    ready = ready.slice(begun);
    if (ready.length > 0) sliceSoon();
  }
  return {
    start(attempts) {
      for (const attempt of attempts) ready.push(attempt);
      sliceSoon();
    },
  };
}
