import type { DueRun } from "../../domain/due-run.ts";
import type { Instant } from "../../domain/instant.ts";
import type { JobDefinition } from "../../domain/job-definition.ts";
import type { JsonValue } from "../../domain/json.ts";
import type { Attempt, LastRun, Run } from "../../domain/run.ts";
import type { EndedRun } from "../../domain/settlement.ts";
import type { LeaseView } from "../../ports/run-leases.ts";
import type { AttemptRow, RunRow } from "./run-row.ts";

const identityOf = (row: RunRow) => ({
  tenantId: row.tenantId,
  runId: row._id,
  jobUid: row.jobUid,
  jobId: row.jobId,
  jobVersion: row.jobVersion,
  queue: row.queue,
  handler: row.handler,
  cause: row.cause,
  scheduledFor: row.scheduledFor,
});

const attemptOf = ({ attempt, state, startedAt, finishedAt, executor, error }: AttemptRow): Attempt => ({
  attempt,
  state,
  startedAt,
  finishedAt: finishedAt ?? null,
  executor,
  error: error ?? null,
});

const outputOf = ({ output }: RunRow): JsonValue => (output === undefined ? null : (JSON.parse(output) as JsonValue));

/** While it runs, `wakeAt` is the end of its lease, which is nobody's to see. */
function shownWakeAt({ state, wakeAt, expiresAt }: RunRow): Instant | null {
  if (state === "running") return null;
  const earliest = Math.min(wakeAt ?? Infinity, expiresAt ?? Infinity);
  return earliest === Infinity ? null : earliest;
}

/** What its history shows of it. */
export const runOf = (row: RunRow): Run => ({
  ...identityOf(row),
  count: row.count,
  scheduledForLast: row.scheduledForLast ?? null,
  state: row.state,
  reason: row.reason ?? null,
  attempt: row.attempt,
  attempts: row.attempts.map(attemptOf),
  firstStartedAt: row.firstStartedAt ?? null,
  startedAt: row.startedAt ?? null,
  finishedAt: row.finishedAt ?? null,
  output: outputOf(row),
  error: row.error ?? null,
  retryOf: row.retryOf ?? null,
  cancelRequested: row.cancelRequested === true,
  wakeAt: shownWakeAt(row),
});

export const endedRunOf = (row: RunRow): EndedRun => ({
  ...identityOf(row),
  count: row.count,
  scheduledForLast: row.scheduledForLast ?? null,
  attempt: row.attempt,
  state: row.state,
  reason: row.reason ?? null,
  startedAt: row.startedAt ?? null,
  finishedAt: row.finishedAt ?? 0, // An ended run always has one.
  output: outputOf(row),
  error: row.error ?? null,
});

export const lastRunOf = (row: RunRow): LastRun => ({
  runId: row._id,
  state: row.state,
  scheduledFor: row.scheduledFor,
  startedAt: row.startedAt ?? null,
  finishedAt: row.finishedAt ?? null,
  attempt: row.attempt,
  error: row.error ?? null,
});

/** What an executor needs to run it; `lastRun` is the job's at present. */
export const dueRunOf = (row: RunRow, definition: JobDefinition, lastRun: LastRun | null): DueRun => ({
  ...identityOf(row),
  slot: row.slot,
  attempt: row.attempt,
  failures: row.failures,
  rescues: row.rescues,
  firstStartedAt: row.firstStartedAt ?? null,
  exclusive: row.exclusive,
  params: definition.params,
  timeoutMs: definition.timeoutMs,
  retry: definition.retry,
  onUncertain: definition.onUncertain,
  lastRun,
});

export const leaseViewOf = (row: RunRow): LeaseView => ({
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
