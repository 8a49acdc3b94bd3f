import { pickLastRun, type LastRun, type Run } from "../run/run.ts";
import { isCompleted, stateRank } from "../run/run-state.ts";

/** A change of a run that the projection applies to the job's `status` and `lastRun`. */
export interface StatusChange {
  readonly tenantId: string;
  readonly jobUid: string;
  readonly lastRun: LastRun;
}

/** The fields of a run from which its job's status follows. */
type StatedRun = LastRun & Pick<Run, "tenantId" | "jobUid" | "attempts">;

/** The status change of a run in its present state; null: none, as it waits for its first or next attempt, or did not run. */
export function toStatusChange(run: StatedRun): StatusChange | null {
  const { tenantId, jobUid, state, attempts } = run;
  const lastRun = pickLastRun(run);
  // The error of an earlier attempt does not belong to the running one.
  if (state === "running") return { tenantId, jobUid, lastRun: { ...lastRun, finishedAt: null, error: null } };
  if (state === "retrying") return { tenantId, jobUid, lastRun: { ...lastRun, finishedAt: attempts.at(-1)?.finishedAt ?? null } };
  return isCompleted(state) ? { tenantId, jobUid, lastRun } : null;
}

/**
 * The order in which status changes count: (scheduledFor, runId, attempt, rank of the state). Stores compare it as
 * text, as contract tests do, so it is one string: every part has a fixed width.
 * @public
 */
export const statusOrder = ({ scheduledFor, runId, attempt, state }: LastRun): string =>
  `${String(scheduledFor).padStart(15, "0")}${runId}${String(attempt).padStart(8, "0")}${stateRank(state)}`;

/** True when `change` happened after what is stored; a smaller or equal one changes nothing. */
export const supersedes = (change: LastRun, stored: LastRun | null): boolean => stored === null || compareStatus(change, stored) > 0;

/** Compares as `statusOrder` does, without making the strings: projections ask for every event. */
function compareStatus(left: LastRun, right: LastRun): number {
  if (left.scheduledFor !== right.scheduledFor) return left.scheduledFor - right.scheduledFor;
  if (left.runId !== right.runId) return left.runId > right.runId ? 1 : -1;
  return left.attempt === right.attempt ? stateRank(left.state) - stateRank(right.state) : left.attempt - right.attempt;
}

/** The latest change of each job, so that one write a job is enough. The changes may come in any order. */
export function latestOfEach(changes: readonly StatusChange[]): StatusChange[] {
  const latest = new Map<string, StatusChange>();
  for (const change of changes) {
    if (supersedes(change.lastRun, latest.get(change.jobUid)?.lastRun ?? null)) latest.set(change.jobUid, change);
  }
  return [...latest.values()];
}
