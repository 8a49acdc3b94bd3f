import type { RunCancel } from "../../../domain/run/cancel.ts";
import type { Instant } from "../../../domain/time/instant.ts";
import type { JsonValue } from "../../../domain/json/json.ts";
import type { Reason } from "../../../domain/run/reason.ts";
import { ATTEMPTS_KEPT_MAX, type AttemptState } from "../../../domain/run/run.ts";
import type { AttemptError, RunError } from "../../../domain/run/run-error.ts";
import { isCompleted, type RunState } from "../../../domain/run/run-state.ts";
import type { Claimant } from "../../../ports/jobs/due-jobs.ts";
import type { Update } from "../collections/rows.ts";
import type { AttemptRow } from "./run-row.ts";

/** A change of runs as an update. Only the functions here make such updates; they can be combined by `mergeUpdates`. */
export interface RunUpdate {
  readonly $set: Readonly<Record<string, unknown>>;
  readonly $unset?: Readonly<Record<string, "">>;
  readonly $inc?: Readonly<Record<string, number>>;
  readonly $push?: Readonly<Record<string, unknown>>;
}

const absent = (...fields: readonly string[]): Readonly<Record<string, "">> => Object.fromEntries(fields.map((field) => [field, ""]));

/** The one attempt of a running run that is not over. For filters of updates that end it by `endAttempt`. */
export const OPEN_ATTEMPT = { "attempts.state": { $eq: "running" } } as const;

/** The opposite: the history of a running run is damaged. */
export const NO_OPEN_ATTEMPT = { "attempts.state": { $ne: "running" } } as const;

/** In filters: its cancel was not requested. */
export const NOT_CANCELLED = { cancelRequested: { $ne: true } } as const;

/** A filter: no run waits for the end of this one. */
export const WAKES_NONE = { wakes: { $ne: true } } as const;

/** The order of ids, as the index of a job's due runs has it. */
export const IN_ORDER = { scheduledFor: 1, _id: 1 } as const;

/**
 * In filters: due, and deferred until another run of its job ends: of due runs only these have that reason. With `standing: "deferred"` a
 * server would choose the index of all deferred runs, instead of that of the job's due ones.
 */
export const WAITS_FOR_ANOTHER = { standing: { $exists: true }, reason: { $eq: "overlap" } } as const;

export const inShardQuery = ({ from, to }: { readonly from: number; readonly to: number }) => ({ slot: { $gte: from, $lt: to } });

interface Start {
  readonly claimant: Claimant;
  readonly attempt: number;
  readonly exclusive: boolean;
  /** False: its earlier attempts cannot be read, and the history restarts. */
  readonly hasHistory: boolean;
  readonly now: Instant;
}

/** Every start raises `attempt` at its end, so the first attempt is the first start. */
export function startAttempt({ claimant, attempt, exclusive, hasHistory, now }: Start): RunUpdate {
  const { token, leaseMs, executor } = claimant;
  const begun: AttemptRow = { attempt, state: "running", startedAt: now, executor };
  const first = attempt === 1;
  const anew = first || !hasHistory;
  return {
    $set: {
      state: "running",
      token,
      leaseMs,
      wakeAt: now + leaseMs,
      startedAt: now,
      ...(exclusive ? { lockKey: 1 } : {}),
      ...(first ? { firstStartedAt: now } : {}),
      ...(anew ? { attempts: [begun] } : {}),
    },
    $unset: absent("standing", "dueAt", "repeatMs", "waitMs", "asideAt", "reason", "expiresAt", "settledAs", "retryAt"),
    ...(anew ? {} : { $push: { attempts: { $each: [begun], $slice: -ATTEMPTS_KEPT_MAX } } }),
  };
}

export const endAttempt = (end: {
  readonly state: AttemptState;
  readonly finishedAt: Instant;
  readonly error?: AttemptError | null;
}): RunUpdate => ({
  $set: {
    "attempts.$.state": end.state,
    "attempts.$.finishedAt": end.finishedAt,
    ...(end.error === undefined || end.error === null ? {} : { "attempts.$.error": end.error }),
  },
});

/** The end of a run; `now` is the store's time, `finishedAt` the executor's. `error` undefined: keep the stored one. */
export interface RunEnd {
  readonly state: RunState;
  readonly now: Instant;
  readonly finishedAt?: Instant;
  readonly reason?: Reason;
  readonly output?: JsonValue;
  readonly error?: RunError | null | undefined;
}

export function endRun({ state, now, finishedAt = now, reason, output = null, error }: RunEnd): RunUpdate {
  return {
    $set: {
      state,
      finishedAt,
      ...(isCompleted(state) ? { settledAt: now } : {}),
      announce: finishedAt,
      ...(reason === undefined ? {} : { reason }),
      ...(output === null ? {} : { output: JSON.stringify(output) }),
      ...(error === undefined || error === null ? {} : { error }),
    },
    $unset: absent(
      "wakeAt",
      "expiresAt",
      "standing",
      "dueAt",
      "repeatMs",
      "waitMs",
      "lockKey",
      ...(reason === undefined ? ["reason"] : []),
      ...(output === null ? ["output"] : []),
      ...(error === null ? ["error"] : []),
    ),
  };
}

/** Asks the executor of a running run to end it. With `NOT_CANCELLED` in the filter the first request is kept. */
export const requestCancel = (cancel: RunCancel): RunUpdate => ({ $set: { cancelRequested: true, cancel } });

/** Ends a run that waits, by request. */
export const cancelWaiting = ({ reason, cancel }: { readonly reason: Reason; readonly cancel: RunCancel }): Update =>
  mergeUpdates(endRun({ state: "cancelled", reason, now: cancel.requestedAt, error: null }), { $set: { cancel } });

/** Due again: the next attempt, publishable at once. It holds no lock. */
export const makeDueAgain = (now: Instant): RunUpdate => ({
  $set: { state: "due", standing: "publishable", dueAt: now },
  $unset: absent("wakeAt", "reason", "repeatMs", "lockKey"),
  $inc: { attempt: 1 },
});

export const makePublishable: RunUpdate = { $set: { standing: "publishable" }, $unset: absent("wakeAt", "reason") };

/** A run that waited for another continues: other waiting runs continue after its end. */
export const WOKEN: Update = mergeUpdates(makePublishable, { $set: { wakes: true } });

/** How a call recognises the runs that it has changed itself: its update writes a token, and a filter finds them by it. */
export const changedBy = (token: string) => ({ update: { $set: { changedBy: token } }, filter: { changedBy: { $eq: token } } }) as const;

/** Waits for another run of its job to end. It is publishable again after `waitMs`, if no end wakes it. */
export const waitForAnother = ({ now, waitMs }: { readonly now: Instant; readonly waitMs: number }): RunUpdate => ({
  $set: { standing: "deferred", reason: "overlap", wakeAt: now + waitMs, waitMs, asideAt: now },
  $unset: absent("repeatMs"),
});

/** Waits for its next attempt, and holds no lock meanwhile. */
export const waitForRetry = (retryAt: Instant, error: RunError): RunUpdate => ({
  $set: { state: "retrying", wakeAt: retryAt, retryAt, error },
  $unset: absent("lockKey"),
  $inc: { failures: 1 },
});

/** Several changes as one update. A field that a later one sets is not unset by an earlier one. */
export function mergeUpdates(...updates: readonly Partial<RunUpdate>[]): Update {
  const merged: Record<string, Record<string, unknown>> = {};
  for (const update of updates) {
    for (const [operator, fields] of Object.entries(update)) merged[operator] = { ...merged[operator], ...(fields as object) };
  }
  for (const field of Object.keys(merged["$set"] ?? {})) delete merged["$unset"]?.[field];
  if (Object.keys(merged["$unset"] ?? {}).length === 0) delete merged["$unset"];
  return merged;
}

/** In `mergeUpdates`: the answer to a repeated settlement. */
export const settledAs = (kind: "ended" | "retrying" | "released"): RunUpdate => ({ $set: { settledAs: kind } });

/** In `mergeUpdates`: its token holds nothing any more. */
export const WITHOUT_TOKEN: Partial<RunUpdate> = { $unset: absent("token", "settledAs", "retryAt") };
