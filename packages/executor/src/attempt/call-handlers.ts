import { createFifo } from "@tickline/shared/domain/fifo";
import { createQueueLanes } from "@tickline/shared/domain/queue/queue-lanes";
import type { Clock } from "@tickline/shared/ports/clock";
import type { ExecutorConfig } from "../executor-config.ts";
import { oncePerTurn } from "../once-per-turn.ts";
import { AttemptContext, type ContextServices } from "./attempt-context.ts";
import type { AttemptEnding } from "./attempt-result.ts";
import { runInScope } from "./attempt-scope.ts";
import { checkParams, type CheckedParams } from "./check-params.ts";
import type { LoopWatch } from "./loop-watch.ts";
import type { RunningAttempt } from "./running-attempt.ts";

export interface HandlerCallerOptions {
  readonly clock: Clock;
  readonly config: Pick<ExecutorConfig, "startSliceMs" | "queues" | "loopHeldMs">;
  readonly loop: Pick<LoopWatch, "onHeld" | "watch">;
  readonly services: ContextServices;
  /** Called just before the handler is. */
  readonly onCall: (attempt: RunningAttempt) => void;
  /** Called once for every attempt. */
  readonly onEnded: (attempt: RunningAttempt, ending: AttemptEnding) => void;
}

/**
 * Calls handlers in separate turns of the event loop, never inside the callback of a consumer or of the scheduler. Handlers of a queue that goes
 * first are called first, however many of another queue were there before.
 */
export interface HandlerCaller {
  add(attempts: readonly RunningAttempt[]): void;
}

export function createHandlerCaller(options: HandlerCallerOptions): HandlerCaller {
  const { clock, config, loop } = options;
  const ready = createQueueLanes(config.queues, () => createFifo<RunningAttempt>());
  const next = (): RunningAttempt | undefined => ready.next(({ size }) => size > 0)?.shift();
  const callSoon = oncePerTurn(callReady);

  /** Calls handlers until none is ready or the slice is used up: many busy handlers must not delay other work. */
  function callReady(): void {
    let nowMs = clock.monotonicMs();
    const untilMs = nowMs + config.startSliceMs;
    while (nowMs < untilMs) {
      const attempt = next();
      if (attempt === undefined) return;
      callHandler(attempt, options);
      const afterMs = clock.monotonicMs();
      if (afterMs - nowMs >= config.loopHeldMs) loop.onHeld(attempt, afterMs - nowMs);
      nowMs = afterMs;
    }
    if (ready.all.some(({ size }) => size > 0)) callSoon();
  }
  return {
    add(attempts) {
      for (const attempt of attempts) ready.of(attempt.claim.run.queue).add(attempt);
      callSoon();
      loop.watch();
    },
  };
}

/** Checks the params, calls the handler and waits for its end. Makes promises only if the handler does. */
function callHandler(attempt: RunningAttempt, options: HandlerCallerOptions): void {
  if (attempt.aborted !== null) return options.onEnded(attempt, { kind: "uncalled" });
  const params = checkParams(attempt.handler.params, attempt.claim.run.params);
  if (params instanceof Promise) void params.then((checked) => callWith(attempt, checked, options));
  else callWith(attempt, params, options);
}

function callWith(attempt: RunningAttempt, params: CheckedParams, { services, onCall, onEnded }: HandlerCallerOptions): void {
  services.deadlines.check(attempt); // If its lease ran out while it waited, it is aborted here, uncalled.
  if (attempt.aborted !== null) return onEnded(attempt, { kind: "uncalled" });
  if (params.kind === "refused") return onEnded(attempt, params);
  onCall(attempt);
  const ending = invoke(attempt, params.params, services);
  if (ending instanceof Promise) void ending.then((ended) => onEnded(attempt, ended));
  else onEnded(attempt, ending);
}

function invoke(attempt: RunningAttempt, params: unknown, services: ContextServices): AttemptEnding | Promise<AttemptEnding> {
  try {
    const context = new AttemptContext(attempt, params, services);
    const returned = runInScope(attempt.claim.run, () => attempt.handler.run(context));
    return isThenable(returned) ? waitForEnd(returned) : { kind: "returned", value: returned };
  } catch (thrown) {
    return { kind: "threw", thrown };
  }
}

async function waitForEnd(returned: PromiseLike<unknown>): Promise<AttemptEnding> {
  try {
    return { kind: "returned", value: await returned };
  } catch (thrown) {
    return { kind: "threw", thrown };
  }
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && typeof (value as { readonly then?: unknown }).then === "function";
