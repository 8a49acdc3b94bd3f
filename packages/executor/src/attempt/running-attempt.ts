import type { ClaimedRun } from "@tickline/shared/domain/run/due-run";
import type { Handler } from "../handlers/handler.ts";
import { runInScope } from "./attempt-scope.ts";
import { RunAborted, type AbortCause } from "./run-aborted.ts";

/** An attempt that this process has the right to run, from its claim until its handler has ended. Times are of the monotonic clock. */
export interface RunningAttempt {
  readonly claim: ClaimedRun;
  readonly handler: Handler;
  /** When its lease ends unless it is renewed; Infinity: time does not end it. */
  leaseUntilMs: number;
  /** When its handler was called; null: not yet. */
  calledMs: number | null;
  /** When it is asked to end because of its timeout. */
  timeoutAtMs: number;
  aborted: AbortCause | null;
  /** When a handler that was asked to end must have ended. */
  graceUntilMs: number;
  /** It was asked to end and did not within its grace. That is logged once. */
  stuck: boolean;
  /** Made when the handler first reads its signal: most never do. */
  controller: AbortController | null;
}

export const createRunningAttempt = (
  claim: ClaimedRun,
  lease: { readonly handler: Handler; readonly leaseUntilMs: number },
): RunningAttempt => ({
  claim,
  handler: lease.handler,
  leaseUntilMs: lease.leaseUntilMs,
  calledMs: null,
  timeoutAtMs: Infinity,
  aborted: null,
  graceUntilMs: Infinity,
  stuck: false,
  controller: null,
});

/** Asks the handler to end. Only the first cause counts. */
export function abortAttempt(attempt: RunningAttempt, cause: AbortCause, graceUntilMs: number): void {
  if (attempt.aborted !== null) return;
  attempt.aborted = cause;
  attempt.graceUntilMs = graceUntilMs;
  // The listeners of the signal are code of the handler.
  runInScope(attempt.claim.run, () => attempt.controller?.abort(new RunAborted(cause)));
}

export function readSignal(attempt: RunningAttempt): AbortSignal {
  if (attempt.controller === null) {
    attempt.controller = new AbortController();
    if (attempt.aborted !== null) attempt.controller.abort(new RunAborted(attempt.aborted));
  }
  return attempt.controller.signal;
}
