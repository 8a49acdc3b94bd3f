import { AppError } from "../../../domain/app-error.ts";
import type { RunCancel } from "../../../domain/cancel.ts";
import type { Instant } from "../../../domain/instant.ts";
import type { JsonValue } from "../../../domain/json.ts";
import type { Reason } from "../../../domain/reason.ts";
import { ATTEMPTS_KEPT_MAX, type AttemptState } from "../../../domain/run.ts";
import type { AttemptError, RunError } from "../../../domain/run-error.ts";
import { canBecome, type RunState } from "../../../domain/run-state.ts";
import { waitMsAfter } from "../../../domain/overlap.ts";
import type { Claimant } from "../../../ports/due-jobs.ts";
import type { RunRow } from "./run-row.ts";

/** What ends an attempt, and how its history shows it. */
interface AttemptEnd {
  readonly state: AttemptState;
  readonly finishedAt: Instant;
  readonly error: AttemptError | null;
}

/** What a run ended with; `now` is the store's, `finishedAt` the executor's. */
export interface RunEnd {
  readonly state: RunState;
  readonly now: Instant;
  readonly finishedAt?: Instant;
  readonly reason?: Reason | null;
  readonly output?: JsonValue;
  readonly error?: RunError | null;
}

export function startAttempt(row: RunRow, { token, executor, leaseMs }: Claimant, now: Instant): void {
  become(row, "running");
  row.lease = { token, leaseMs, expiresAt: now + leaseMs };
  row.settled = null;
  row.reason = null;
  row.wakeAt = null;
  row.waitMs = null;
  row.startedAt = now;
  row.firstStartedAt ??= now;
  const attempt = { attempt: row.attempt, state: "running", startedAt: now, finishedAt: null, executor, error: null } as const;
  row.attempts = [...row.attempts, attempt].slice(-ATTEMPTS_KEPT_MAX);
}

export function endAttempt(row: RunRow, end: AttemptEnd): void {
  row.lease = null;
  row.attempts = row.attempts.map((attempt) => (attempt.attempt === row.attempt ? { ...attempt, ...end } : attempt));
}

/** Due again: the next attempt, publishable at once. */
export function makeDueAgain(row: RunRow, now: Instant): void {
  become(row, "due");
  row.dueAt = now;
  row.attempt += 1;
  row.repeatMs = null;
  makePublishable(row);
}

export function makePublishable(row: RunRow): void {
  row.standing = "publishable";
  row.wakeAt = null;
  row.reason = null;
}

/** Waits for another run of its job to end. It is looked at again after a while, should nobody wake it. */
export function waitForAnother(row: RunRow, now: Instant): void {
  row.waitMs = waitMsAfter(row.waitMs);
  row.repeatMs = null; // Whoever claimed it has received it: it is published anew.
  row.asideAt = now;
  row.standing = "deferred";
  row.reason = "overlap";
  row.wakeAt = now + row.waitMs;
}

export function waitForRetry(row: RunRow, wakeAt: Instant): void {
  become(row, "retrying");
  row.failures += 1;
  row.wakeAt = wakeAt;
}

export function endRun(row: RunRow, { state, now, finishedAt = now, reason = null, output = null, error = null }: RunEnd): void {
  become(row, state);
  row.reason = reason;
  row.output = output;
  row.error = error;
  row.finishedAt = finishedAt;
  row.settledAt = now;
  row.wakeAt = null;
  row.lease = null;
}

/** Has its executor told to end it. The first request stands. */
export function requestCancel(row: RunRow, cancel: RunCancel): void {
  if (!row.cancelRequested) row.cancel = cancel;
  row.cancelRequested = true;
}

/** Ends a run that waits, by request. */
export function cancelWaiting(row: RunRow, { reason, cancel }: { readonly reason: Reason; readonly cancel: RunCancel }): void {
  row.cancel ??= cancel;
  endRun(row, { state: "cancelled", reason, now: cancel.requestedAt });
}

function become(row: RunRow, state: RunState): void {
  if (!canBecome(row.state, state)) throw new AppError("internal", `run ${row.runId}: ${row.state} cannot become ${state}`);
  row.state = state;
}
