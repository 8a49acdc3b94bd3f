import type { OverlapSibling } from "../../../domain/overlap.ts";
import { makePublishable } from "./run-changes.ts";
import { isExclusive, waitsForAnother, type RunRow } from "./run-row.ts";
import type { RunTable } from "./run-table.ts";
import { take } from "./sorted-index.ts";

/** The runs of a job that contend for its lock. */
export const siblingsOf = (runs: RunTable, jobUid: string): OverlapSibling[] =>
  [...runs.openOf.ascending(jobUid)].flatMap((row) => {
    const standing = standingOf(row);
    if (standing === null) return [];
    const { queue, handler, overlap } = row.origin.definition;
    return [{ runId: row.runId, scheduledFor: row.scheduledFor, queue, handler, overlap, standing, startedAt: row.startedAt }];
  });

function standingOf(row: RunRow): OverlapSibling["standing"] | null {
  if (!isExclusive(row)) return null;
  if (row.state === "running") return "running";
  if (row.state !== "due") return null;
  if (waitsForAnother(row)) return "waiting";
  return row.standing === "deferred" ? null : "ready";
}

/** True of the oldest run of its job that is ready or waits for another. */
export const isNextOfJob = (runs: RunTable, { runId, origin }: RunRow): boolean =>
  siblingsOf(runs, origin.jobUid).find(({ standing }) => standing !== "running")?.runId === runId;

/** A run of the job no longer contends: the oldest that waits for another is publishable now. Returns it; null: none waits. */
export function wakeNext(runs: RunTable, row: RunRow): RunRow | null {
  if (!isExclusive(row)) return null; // It has never contended.
  const { origin } = row;
  const [next] = take(runs.openOf.ascending(origin.jobUid), 1, waitsForAnother);
  if (next === undefined) return null;
  makePublishable(next);
  runs.save(next);
  return next;
}
