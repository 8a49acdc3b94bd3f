import { isNextBefore, type OverlapSibling, waitingInTurn } from "../../../domain/overlap.ts";
import { makePublishable } from "./run-changes.ts";
import { isExclusive, waitsForAnother, type RunRow } from "./run-row.ts";
import type { RunTable } from "./run-table.ts";

/** The runs of a job that contend for its lock. */
export const siblingsOf = (runs: RunTable, jobUid: string): OverlapSibling[] =>
  [...runs.openOf.ascending(jobUid)].flatMap((row) => {
    const standing = standingOf(row);
    if (standing === null) return [];
    const { queue, handler } = row.origin.definition;
    return [{ runId: row.runId, scheduledFor: row.scheduledFor, queue, handler, standing, startedAt: row.startedAt }];
  });

function standingOf(row: RunRow): OverlapSibling["standing"] | null {
  if (!isExclusive(row)) return null;
  if (row.state === "running") return "running";
  if (row.state !== "due") return null;
  if (waitsForAnother(row)) return "waiting";
  return row.standing === "deferred" ? null : "ready";
}

/** True of the oldest run of its job, queue and handler that is ready or waits for another. */
export const isNextOfJob = (runs: RunTable, { runId, scheduledFor, origin }: RunRow): boolean => {
  const { queue, handler } = origin.definition;
  const run = { runId, scheduledFor, queue, handler };
  return !siblingsOf(runs, origin.jobUid).some((other) => isNextBefore(other, run));
};

/** A run of the job no longer contends: those that waited and whose turn has come are publishable now. Returns them, the oldest first. */
export function wakeNext(runs: RunTable, row: RunRow): readonly RunRow[] {
  if (!isExclusive(row)) return []; // It has never contended.
  const next = waitingInTurn(siblingsOf(runs, row.origin.jobUid)).flatMap(({ runId }) => runs.get(runId) ?? []);
  for (const waiting of next) {
    makePublishable(waiting);
    runs.save(waiting);
  }
  return next;
}
