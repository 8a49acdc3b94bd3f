import type { Instant } from "../time/instant.ts";
import type { JobDefinition } from "../job/job-definition.ts";
import type { OverlapPolicy } from "../policy/overlap.ts";
import { ATTEMPTS_KEPT_MAX, pickRunOutcome, type Attempt, type AttemptState, type Run, type RunOutcome } from "./run.ts";
import type { AttemptError } from "./run-error.ts";
import type { EndedRun } from "./settlement.ts";
import { readCancel, readError, requireReadableRun } from "./stored-run.ts";

/**
 * The step of an open run. `publishable`, `published`: due. `waiting`: due, and deferred until another run of its job ends.
 * `unhandled`: due, and deferred until an executor has its handler. `deferred`: due, and deferred for any other reason.
 */
export type Standing = "publishable" | "published" | "waiting" | "unhandled" | "deferred" | "running" | "retrying";

/** A run with all fields that a store keeps. Immutable: the functions of `run-changes.ts` return the changed record. */
export interface RunRecord extends Omit<Run, "attempts" | "error"> {
  readonly slot: number;
  /** The policies of the definition that it was fired under. */
  readonly overlap: OverlapPolicy;
  readonly onUncertain: JobDefinition["onUncertain"];
  readonly firedAt: Instant;
  /** Null: it has ended. */
  readonly standing: Standing | null;
  readonly failures: number;
  readonly rescues: number;
  /** The token of the latest claimed attempt, also when it was given back; null: no result is accepted. */
  readonly token: string | null;
  /** The executor that runs the present attempt, or ended the run with it; null: none. */
  readonly executor: string | null;
  readonly leaseMs: number | null;
  /** When the lease ends by a clock, or would have ended; null: no clock can end it. */
  readonly leaseEndsAt: Instant | null;
  /** Since when it is due, in the present attempt; null: it is not. */
  readonly dueAt: Instant | null;
  /** When it is skipped if it has not started; null: never. */
  readonly expiresAt: Instant | null;
  /** The wait of the latest publication, which the next one doubles; null before the first. Milliseconds. */
  readonly repeatMs: number | null;
  /** The same for another run of its job, until it starts. */
  readonly waitMs: number | null;
  /** When it was last deferred, to wait for another run of its job; 0: never. */
  readonly asideAt: Instant;
  /** When it ended, by the clock of the store; null: it is open. */
  readonly settledAt: Instant | null;
  /** Attempts that have ended, without the one that ended the run in the usual way. */
  readonly pastAttempts: readonly Attempt[];
  /** Of the latest attempt that failed. */
  readonly error: AttemptError | null;
}

/** The attempts that have ended, and the one that is in progress or ended the run. */
export function listAttempts({ pastAttempts, executor, startedAt, finishedAt, attempt, state, error }: RunRecord): readonly Attempt[] {
  if (executor === null || startedAt === null) return pastAttempts;
  // Until the run has ended, its error is that of the previous attempt.
  const own = { attempt, state: state as AttemptState, startedAt, finishedAt, executor, error: finishedAt === null ? null : error };
  return [...pastAttempts, own].slice(-ATTEMPTS_KEPT_MAX);
}

/** The outcome for its end event and its history. Throws `store_corrupt` when the id or the outcome of the run cannot be read. */
const readOutcome = (run: RunRecord): RunOutcome => requireReadableRun({ ...pickRunOutcome(run), error: readError(run.error, false) }); // Without its stack.

/** As the history shows it. Throws `store_corrupt`. */
export const toRun = (run: RunRecord): Run => ({
  ...readOutcome(run),
  attempts: listAttempts(run),
  firstStartedAt: run.firstStartedAt,
  retryOf: run.retryOf,
  cancelRequested: run.cancelRequested,
  cancel: readCancel(run.cancel),
  wakeAt: earliest(run.wakeAt, run.expiresAt),
});

/** As it is announced. Throws `store_corrupt`. */
export const toEndedRun = (run: RunRecord): EndedRun => ({ ...readOutcome(run), finishedAt: run.finishedAt ?? 0 }); // A run that has ended has one.

const earliest = (left: Instant | null, right: Instant | null): Instant | null =>
  left === null || right === null ? (left ?? right) : Math.min(left, right);
