import type { RunCancel } from "./cancel.ts";
import type { Instant } from "../time/instant.ts";
import type { JsonValue } from "../json/json.ts";
import { isExclusive, waitMsAfter } from "../policy/overlap.ts";
import type { Reason } from "./reason.ts";
import { ATTEMPTS_KEPT_MAX, type AttemptState } from "./run.ts";
import { type AttemptError, attemptError, WAITED_TOO_LONG } from "./run-error.ts";
import type { RunRecord } from "./run-record.ts";
import type { RunState } from "./run-state.ts";
import type { AttemptResult } from "./settlement.ts";

/** The changes of a run. Each returns the changed record; the store first checks whether the change is allowed. */

/** The claimant. `leaseEndsAt` null: no clock ends the lease. */
interface Start {
  readonly executor: string;
  readonly token: string;
  readonly leaseMs: number;
  readonly leaseEndsAt: Instant | null;
  readonly now: Instant;
}

export const startAttempt = <Run extends RunRecord>(run: Run, { now, ...lease }: Start): Run => ({
  ...run,
  ...lease,
  state: "running",
  standing: "running",
  reason: null,
  startedAt: now,
  firstStartedAt: run.firstStartedAt ?? now,
  dueAt: null,
  expiresAt: null,
  wakeAt: null,
  waitMs: null,
});

interface AttemptEnd {
  readonly state: AttemptState;
  readonly finishedAt: Instant;
  readonly error: AttemptError | null;
}

/** Ends the present attempt. The run continues, or ends with another state than the attempt. */
export function endAttempt<Run extends RunRecord>(run: Run, end: AttemptEnd): Run {
  if (run.executor === null || run.startedAt === null) return run;
  const attempt = { attempt: run.attempt, startedAt: run.startedAt, executor: run.executor, ...end };
  const pastAttempts = [...run.pastAttempts, attempt].slice(-ATTEMPTS_KEPT_MAX);
  return { ...run, pastAttempts, executor: null, leaseMs: null, leaseEndsAt: null };
}

/** Due again: the next attempt, publishable at once. */
export const makeDueAgain = <Run extends RunRecord>(run: Run, now: Instant): Run => ({
  ...makePublishable(run),
  state: "due",
  dueAt: now,
  attempt: run.attempt + 1,
  repeatMs: null,
});

export const makePublishable = <Run extends RunRecord>(run: Run): Run => ({ ...run, standing: "publishable", reason: null, wakeAt: null });

/** `wakeAt` null: no time makes it publishable again. */
export const putAside = <Run extends RunRecord>(
  run: Run,
  { reason, wakeAt }: { readonly reason: Reason; readonly wakeAt: Instant | null },
): Run => ({
  ...run,
  standing: reason === "unknown_handler" ? "unhandled" : reason === "overlap" && isExclusive(run.overlap) ? "waiting" : "deferred",
  reason,
  wakeAt,
});

/** Waits for another run of its job to end. It becomes publishable after a while if nothing wakes it. */
export function waitForAnother<Run extends RunRecord>(run: Run, now: Instant): Run {
  const waitMs = waitMsAfter(run.waitMs);
  // The executor that claimed it has received it, so it is published again.
  return { ...putAside(run, { reason: "overlap", wakeAt: now + waitMs }), waitMs, asideAt: now, repeatMs: null };
}

interface RunEnd {
  readonly state: RunState;
  /** By the clock of the store. */
  readonly now: Instant;
  /** By the clock of the executor. Default: `now`. */
  readonly finishedAt?: Instant;
  readonly reason?: Reason;
  readonly output?: JsonValue;
  readonly error?: AttemptError | null;
}

export const endRun = <Run extends RunRecord>(
  run: Run,
  { state, now, finishedAt = now, reason, output = null, error = null }: RunEnd,
): Run => ({
  ...run,
  state,
  standing: null,
  reason: reason ?? null,
  output,
  error,
  finishedAt,
  settledAt: now,
  leaseEndsAt: null,
  dueAt: null,
  expiresAt: null,
  wakeAt: null,
  waitMs: null,
});

/** Ends a run that waits. The result of its last attempt was accepted, so its token is no longer valid. */
const endWaiting = <Run extends RunRecord>(run: Run, end: RunEnd): Run => endRun({ ...run, token: null }, end);

/** Requests its executor to end it. The first request is kept. */
export const requestCancel = <Run extends RunRecord>(run: Run, cancel: RunCancel): Run =>
  run.cancelRequested ? run : { ...run, cancelRequested: true, cancel };

/** Ends a run that waits, by request. */
export const cancelWaiting = <Run extends RunRecord>(
  run: Run,
  { reason, cancel }: { readonly reason: Reason; readonly cancel: RunCancel },
): Run => endWaiting({ ...run, cancel: run.cancel ?? cancel }, { state: "cancelled", reason, now: cancel.requestedAt });

/** Ends the wait for a retry: due, or cancelled if that was requested meanwhile. */
export const endRetryWait = <Run extends RunRecord>(run: Run, now: Instant): Run =>
  run.cancelRequested ? endWaiting(run, { state: "cancelled", reason: "cancelled", now }) : makeDueAgain(run, now);

export const expire = <Run extends RunRecord>(run: Run, now: Instant): Run => endRun(run, { state: "skipped", reason: "expired", now });

/** Ends a run that has waited for longer than runs are kept. One that had been started has failed. */
export function endWaitedTooLong<Run extends RunRecord>(run: Run, now: Instant): Run {
  if (run.firstStartedAt === null) return endWaiting(run, { state: "skipped", reason: "retention", now });
  return endWaiting(run, { state: "failed", reason: "retention", now, error: findLastError(run) ?? WAITED_TOO_LONG });
}

/** The error of its latest failed attempt. */
export const findLastError = ({ pastAttempts }: RunRecord): AttemptError | null =>
  pastAttempts.findLast(({ error }) => error !== null)?.error ?? null;

interface Rescued {
  readonly to: "due" | "lost" | "failed" | "cancelled";
  readonly error?: AttemptError | undefined;
  readonly now: Instant;
}

/** Ends an attempt whose executor is gone. */
export function rescueRun<Run extends RunRecord>(run: Run, { to, error, now }: Rescued): Run {
  const lost = { ...endAttempt(run, { state: "lost", finishedAt: now, error: null }), token: null };
  if (to === "due" && !run.cancelRequested) return makeDueAgain({ ...lost, rescues: run.rescues + 1 }, now);
  return endRun(lost, { state: to === "due" ? "cancelled" : to, now, error: error ?? findLastError(lost) });
}

interface Settled {
  readonly result: AttemptResult;
  readonly finishedAt: Instant;
  readonly now: Instant;
}

/** The change of a run by the outcome of an attempt. With a cancel request, a run that would continue ends; a reached end is kept. */
export function settleAttempt<Run extends RunRecord>(run: Run, { result, finishedAt, now }: Settled): Run {
  switch (result.kind) {
    case "succeeded":
      return endRun(run, { state: "succeeded", now, finishedAt, output: result.output });
    case "failed":
      return endRun(run, { state: "failed", now, finishedAt, error: attemptError(result.error, result.stack) });
    case "cancelled":
      return endRun(run, { state: "cancelled", now, finishedAt });
    case "retry": {
      const error = attemptError(result.error, result.stack);
      const failed = endAttempt(run, { state: "failed", finishedAt, error });
      if (run.cancelRequested) return endRun(failed, { state: "cancelled", now, finishedAt, error });
      return { ...failed, state: "retrying", standing: "retrying", failures: run.failures + 1, wakeAt: now + result.retryDelayMs, error };
    }
    case "released": {
      const released = endAttempt(run, { state: "released", finishedAt, error: null });
      return run.cancelRequested ? endRun(released, { state: "cancelled", now, finishedAt }) : makeDueAgain(released, now);
    }
  }
}
