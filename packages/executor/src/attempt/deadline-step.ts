import type { ExecutorConfig } from "../executor-config.ts";
import type { AbortCause } from "./run-aborted.ts";
import type { RunningAttempt } from "./running-attempt.ts";

/**
 * What the time asks of one attempt. `wait`: nothing before `atMs`. `report`: its handler ignores that it was asked to
 * end. `leave`: so it does, and its lease is gone: nothing but the end of the process keeps another attempt from running
 * beside it.
 */
export type DeadlineStep =
  | { readonly kind: "wait"; readonly atMs: number }
  | { readonly kind: "abort"; readonly cause: AbortCause; readonly graceUntilMs: number }
  | { readonly kind: "report" }
  | { readonly kind: "leave" };

export type DeadlineLimits = Pick<ExecutorConfig, "abortGraceMs" | "leaseMarginMs">;

/** With less than this until it would be asked to end, as after a claim that was answered late, a handler is not called. Milliseconds. */
const CALL_MS_MIN = 1_000;

const wait = (atMs: number): DeadlineStep => ({ kind: "wait", atMs });

export function deadlineStep(attempt: RunningAttempt, nowMs: number, limits: DeadlineLimits): DeadlineStep {
  return attempt.aborted === null ? stepOfRunning(attempt, nowMs, limits) : stepOfAborted(attempt, nowMs);
}

function stepOfRunning({ leaseUntilMs, timeoutAtMs, calledMs }: RunningAttempt, nowMs: number, limits: DeadlineLimits): DeadlineStep {
  const abortAtMs = leaseUntilMs - limits.leaseMarginMs - (calledMs === null ? CALL_MS_MIN : 0);
  // On time, this grace ends with the lease: from then on another executor may run it.
  if (abortAtMs <= nowMs) return { kind: "abort", cause: "lease_lost", graceUntilMs: nowMs + limits.leaseMarginMs };
  if (timeoutAtMs <= nowMs) return { kind: "abort", cause: "timeout", graceUntilMs: nowMs + limits.abortGraceMs };
  return wait(Math.min(abortAtMs, timeoutAtMs));
}

function stepOfAborted({ graceUntilMs, calledMs, leaseUntilMs, stuck }: RunningAttempt, nowMs: number): DeadlineStep {
  if (calledMs === null) return wait(Infinity); // It will not be called, and so ends by itself.
  if (graceUntilMs > nowMs) return wait(graceUntilMs);
  if (leaseUntilMs <= nowMs) return { kind: "leave" };
  return stuck ? wait(leaseUntilMs) : { kind: "report" };
}
