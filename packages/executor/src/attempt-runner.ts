import type { Clock } from "@tickline/shared/ports/clock";
import type { AttemptDeadlines } from "./attempt-deadlines.ts";
import type { ExecutorConfig } from "./executor-config.ts";
import { callHandler, type HandlerCalls } from "./call-handler.ts";
import { oncePerTurn } from "./once-per-turn.ts";
import type { RunningAttempt } from "./running-attempt.ts";

export interface AttemptRunnerOptions {
  readonly clock: Clock;
  readonly config: Pick<ExecutorConfig, "startSliceMs">;
  readonly deadlines: AttemptDeadlines;
  readonly calls: HandlerCalls;
}

/** Calls handlers in turns of the event loop of their own: never inside the callback of a consumer or of the scheduler. */
export interface AttemptRunner {
  start(attempts: readonly RunningAttempt[]): void;
}

export function createAttemptRunner({ clock, config, deadlines, calls }: AttemptRunnerOptions): AttemptRunner {
  let ready: RunningAttempt[] = [];
  const sliceSoon = oncePerTurn(slice);

  /** Calls handlers until none is ready or the slice is used up: a long row of busy handlers must not hold up the rest. */
  function slice(): void {
    const untilMs = clock.monotonicMs() + config.startSliceMs;
    let begun = 0;
    for (const attempt of ready) {
      const nowMs = clock.monotonicMs();
      if (nowMs >= untilMs) break;
      begin(attempt, nowMs);
      begun += 1;
    }
    ready = ready.slice(begun);
    if (ready.length > 0) sliceSoon();
  }
  function begin(attempt: RunningAttempt, nowMs: number): void {
    // Its lease may have run out while it waited; then it is aborted here, uncalled.
    deadlines.check(attempt, nowMs);
    callHandler(attempt, calls);
  }
  return {
    start(attempts) {
      for (const attempt of attempts) ready.push(attempt);
      sliceSoon();
    },
  };
}
