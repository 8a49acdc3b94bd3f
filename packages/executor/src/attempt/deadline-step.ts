import type { ExecutorConfig } from "../executor-config.ts";
import type { AbortCause } from "./run-aborted.ts";
import type { RunningAttempt } from "./running-attempt.ts";

/**
 * What is to be done with one attempt now. `wait`: nothing before `atMs`. `report`: its handler ignores that it was asked to end. `end_process`: it
 * still ignores that, and its lease has ended. Another attempt may start, so only the end of the process prevents an overlap.
 */
export type DeadlineStep =
  | { readonly kind: "wait"; readonly atMs: number }
  | { readonly kind: "abort"; readonly cause: AbortCause; readonly graceUntilMs: number }
  | { readonly kind: "report" }
  | { readonly kind: "end_process" };

export type DeadlineLimits = Pick<ExecutorConfig, "abortGraceMs" | "leaseMarginMs">;

/** A handler that would be asked to end so soon, as after a claim that was answered late, is not called. Milliseconds. */
const CALL_MS_MIN = 1_000;

const waitUntil = (atMs: number): DeadlineStep => ({ kind: "wait", atMs });

export function deadlineStep(attempt: RunningAttempt, nowMs: number, limits: DeadlineLimits): DeadlineStep {
  return attempt.aborted === null ? stepRunning(attempt, nowMs, limits) : stepAborted(attempt, nowMs);
}

function stepRunning({ leaseUntilMs, timeoutAtMs, calledMs }: RunningAttempt, nowMs: number, limits: DeadlineLimits): DeadlineStep {
  const abortAtMs = leaseUntilMs - limits.leaseMarginMs - (calledMs === null ? CALL_MS_MIN : 0);
  // On time, this grace ends with the lease: after that another executor may run it.
  if (abortAtMs <= nowMs) return { kind: "abort", cause: "lease_lost", graceUntilMs: nowMs + limits.leaseMarginMs };
  if (timeoutAtMs <= nowMs) return { kind: "abort", cause: "timeout", graceUntilMs: nowMs + limits.abortGraceMs };
  return waitUntil(Math.min(abortAtMs, timeoutAtMs));
}

function stepAborted({ graceUntilMs, calledMs, leaseUntilMs, stuck }: RunningAttempt, nowMs: number): DeadlineStep {
  if (calledMs === null) return waitUntil(Infinity); // It will not be called, so it ends by itself.
  if (graceUntilMs > nowMs) return waitUntil(graceUntilMs);
  if (leaseUntilMs <= nowMs) return { kind: "end_process" };
  return stuck ? waitUntil(leaseUntilMs) : { kind: "report" };
}
