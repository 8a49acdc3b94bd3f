import { AppError } from "../../../domain/app-error.ts";
import { makeDueRun, type ComparedField, type DueRun } from "../../../domain/run/due-run.ts";
import type { Instant } from "../../../domain/time/instant.ts";
import {
  pickLastRun,
  pickRunIdentity,
  type Attempt,
  type LastRun,
  type Run,
  type RunIdentity,
  type RunOutcome,
} from "../../../domain/run/run.ts";
import type { EndedRun } from "../../../domain/run/settlement.ts";
import type { StoredDefinition } from "../../../domain/job/stored-definition.ts";
import { readAttemptError, readCancel, readError, readOutput, requireReadableRun } from "../../../domain/run/stored-run.ts";
import { isRecord, isWhole } from "../../../domain/json/stored-value.ts";
import type { LeaseView } from "../../../ports/runs/run-leases.ts";
import type { OnUnreadable } from "../../../ports/unreadable.ts";
import { mapReadable } from "../../../runtime/batch/map-readable.ts";
import { readPriority, type AttemptRow, type RunRow } from "./run-row.ts";

const toIdentity = (row: RunRow): RunIdentity => pickRunIdentity({ ...row, runId: row._id, priority: readPriority(row) });

/** The fields that a message must agree with. */
export const toCompared = (row: RunRow): Pick<DueRun, ComparedField> => ({
  ...toIdentity(row),
  slot: row.slot,
  failures: row.failures,
  rescues: row.rescues,
});

const toAttempt = (row: AttemptRow): Attempt => ({
  attempt: row.attempt,
  state: row.state,
  startedAt: row.startedAt,
  finishedAt: row.finishedAt ?? null,
  executor: row.executor,
  error: readAttemptError(row.error, false),
});

/** Maps a page of runs: unreadable ones are left out. */
export const asReadable = <Item>(map: (row: RunRow) => Item, onUnreadable: OnUnreadable) =>
  ({ kind: "run", idOf: ({ _id }: RunRow) => String(_id), map, onUnreadable }) as const;

/** While it runs, `wakeAt` is the end of its lease, which is not shown. */
function readWakeAt({ state, wakeAt, expiresAt }: RunRow): Instant | null {
  if (state === "running") return null;
  const earliest = Math.min(wakeAt ?? Infinity, expiresAt ?? Infinity);
  return earliest === Infinity ? null : earliest;
}

/** The fields of all views. An unreadable output or error is replaced by one that says so. Throws `store_corrupt`. */
function toOutcome(row: RunRow): RunOutcome {
  const { output, broken } = readOutput(row.output);
  return requireReadableRun({
    ...toIdentity(row),
    count: row.count,
    scheduledForLast: row.scheduledForLast ?? null,
    state: row.state,
    reason: row.reason ?? null,
    attempt: row.attempt,
    startedAt: row.startedAt ?? null,
    finishedAt: row.finishedAt ?? null,
    output,
    error: readError(row.error, broken),
  });
}

/** As the history shows it. */
export const toRun = (row: RunRow): Run => ({
  ...toOutcome(row),
  attempts: Array.isArray(row.attempts) ? row.attempts.filter(isRecord).map((attempt) => toAttempt(attempt as unknown as AttemptRow)) : [],
  firstStartedAt: row.firstStartedAt ?? null,
  retryOf: row.retryOf ?? null,
  cancelRequested: row.cancelRequested === true,
  cancel: readCancel(row.cancel),
  wakeAt: readWakeAt(row),
});

export const toEndedRun = (row: RunRow): EndedRun => ({ ...toOutcome(row), finishedAt: row.finishedAt ?? 0 }); // An ended run always has one.

/** The readable ones; the others have ended too. */
export const toEndedRuns = ({ onUnreadable }: { readonly onUnreadable: OnUnreadable }, rows: readonly RunRow[]): EndedRun[] =>
  mapReadable(rows, asReadable(toEndedRun, onUnreadable));

export const toLastRun = (row: RunRow): LastRun => pickLastRun(toOutcome(row));

/** The counts of attempts, which are raised at their ends. */
export const hasCounts = ({ failures, rescues }: RunRow): boolean => isWhole(failures) && isWhole(rescues);
export const NO_COUNTS = "how often it failed and was rescued cannot be read";

/** What an executor needs to run it; `lastRun` is the job's at present. Throws `store_corrupt`, also if its definition is missing. */
export function toDueRun(row: RunRow, stored: StoredDefinition, lastRun: LastRun | null): DueRun {
  if (stored.kind === "unreadable") throw new AppError("store_corrupt", `run ${row._id}: ${stored.reason}`);
  const { attempt } = toOutcome(row);
  if (!hasCounts(row)) throw new AppError("store_corrupt", `run ${row._id}: ${NO_COUNTS}`);
  return makeDueRun(
    { ...row, runId: row._id, priority: readPriority(row), attempt, firstStartedAt: row.firstStartedAt ?? null },
    stored.definition,
    lastRun,
  );
}

export const toLeaseView = (row: RunRow): LeaseView => ({
  runId: row._id,
  handler: row.handler,
  attempt: row.attempt,
  rescues: row.rescues,
  leaseMs: row.leaseMs ?? 0,
  expiresAt: row.wakeAt ?? 0,
  ownerGone: false,
  onUncertain: row.onUncertain,
  cancelRequested: row.cancelRequested === true,
});
