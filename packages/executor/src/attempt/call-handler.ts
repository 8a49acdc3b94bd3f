import { AttemptContext, type ContextServices } from "./attempt-context.ts";
import type { AttemptEnding } from "./attempt-result.ts";
import { asCodeOf } from "./attempt-scope.ts";
import { checkParams, type CheckedParams } from "./check-params.ts";
import type { RunningAttempt } from "./running-attempt.ts";

export interface HandlerCalls {
  readonly services: ContextServices;
  /** Called just before the handler is. */
  readonly onCall: (attempt: RunningAttempt) => void;
  /** Called once for every attempt, possibly before `callHandler` returns. */
  readonly onEnded: (attempt: RunningAttempt, ending: AttemptEnding) => void;
}

/** Checks the params, calls the handler and follows it to its end. Makes promises only where the handler does. */
export function callHandler(attempt: RunningAttempt, calls: HandlerCalls): void {
  if (attempt.aborted !== null) return calls.onEnded(attempt, { kind: "uncalled" });
  const params = checkParams(attempt.handler.params, attempt.claim.run.params);
  if (params instanceof Promise) void params.then((checked) => callWith(attempt, checked, calls));
  else callWith(attempt, params, calls);
}

function callWith(attempt: RunningAttempt, params: CheckedParams, calls: HandlerCalls): void {
  calls.services.deadlines.check(attempt); // Its lease may have run out while it waited; then it is aborted here, uncalled.
  if (attempt.aborted !== null) return calls.onEnded(attempt, { kind: "uncalled" });
  if (params.kind === "refused") return calls.onEnded(attempt, params);
  calls.onCall(attempt);
  const ending = called(attempt, params.params, calls);
  if (ending instanceof Promise) void ending.then((ended) => calls.onEnded(attempt, ended));
  else calls.onEnded(attempt, ending);
}

function called(attempt: RunningAttempt, params: unknown, { services }: HandlerCalls): AttemptEnding | Promise<AttemptEnding> {
  try {
    const context = new AttemptContext(attempt, params, services);
    const returned = asCodeOf(attempt.claim.run, () => attempt.handler.run(context));
    return isThenable(returned) ? followed(returned) : { kind: "returned", value: returned };
  } catch (thrown) {
    return { kind: "threw", thrown };
  }
}

async function followed(returned: PromiseLike<unknown>): Promise<AttemptEnding> {
  try {
    return { kind: "returned", value: await returned };
  } catch (thrown) {
    return { kind: "threw", thrown };
  }
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && typeof (value as { readonly then?: unknown }).then === "function";
