import type { Instant } from "../../../domain/instant.ts";
import type { EndedRun } from "../../../domain/settlement.ts";
import { endRun } from "./run-changes.ts";
import { endedRunOf } from "./run-row.ts";
import type { RunTable } from "./run-table.ts";
import { take } from "./sorted-index.ts";

/** Cancels what a deleted job left open, oldest first. Attempts under way may finish. */
export function cancelOpenRuns(runs: RunTable, jobUid: string, { now, limit }: { now: Instant; limit: number }): EndedRun[] {
  const waiting = take(runs.openOf.ascending(jobUid), limit, ({ state }) => state !== "running");
  return waiting.map((row) => {
    endRun(row, { state: "cancelled", reason: "job_deleted", now });
    runs.save(row);
    return endedRunOf(row);
  });
}
