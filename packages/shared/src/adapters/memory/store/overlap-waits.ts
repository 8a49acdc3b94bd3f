import { type ContendingRun, isNextBefore, type OverlapSibling, waitingInTurn } from "../../../domain/overlap.ts";
import { evaluate } from "../../../domain/evaluation.ts";
import { makePublishable } from "./run-changes.ts";
import { dueRunOf, isExclusive, waitsForAnother, type RunRow } from "./run-row.ts";
import type { RunTable } from "./run-table.ts";

/** The runs of a job that contend for its lock. */
export const siblingsOf = (runs: RunTable, jobUid: string): OverlapSibling[] =>
  [...runs.openOf.ascending(jobUid)].flatMap((row) => {
    const standing = standingOf(row);
    if (standing === null) return [];
    return [{ ...contendingOf(row), standing, startedAt: row.startedAt }];
  });

export function contendingOf({ runId, scheduledFor, origin, firstStartedAt }: RunRow): ContendingRun {
  const { queue, handler, overlap } = origin.definition;
  return { runId, scheduledFor, queue, handler, overlap, started: firstStartedAt !== null };
}

function standingOf(row: RunRow): OverlapSibling["standing"] | null {
  if (!isExclusive(row)) return null;
  if (row.state === "running") return "running";
  if (row.state !== "due") return null;
  if (waitsForAnother(row)) return "waiting";
  return row.standing === "deferred" ? null : "ready";
}

/** What is left out of what can be published. */
export function canBeRun(runs: RunTable, { runId }: OverlapSibling): boolean {
  const row = runs.get(runId);
  return row !== undefined && evaluate(() => dueRunOf(row, null)).kind === "evaluated";
}

/** True of the oldest run of its job, queue and handler that is ready or waits for another. */
export const isNextOfJob = (runs: RunTable, row: RunRow): boolean =>
  !siblingsOf(runs, row.origin.jobUid).some((other) => isNextBefore(other, contendingOf(row)) && canBeRun(runs, other));

/** A run of the job no longer contends: those that waited and whose turn has come are publishable now. Returns them, the oldest first. */
export function wakeNext(runs: RunTable, row: RunRow): readonly RunRow[] {
  if (!isExclusive(row)) return []; // It has never contended.
  const waiting = waitingInTurn(siblingsOf(runs, row.origin.jobUid), (other) => canBeRun(runs, other));
  const next = waiting.flatMap(({ runId }) => runs.get(runId) ?? []);
  for (const woken of next) {
    makePublishable(woken);
    runs.save(woken);
  }
  return next;
}
