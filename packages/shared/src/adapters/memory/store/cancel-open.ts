import type { EndedRun } from "../../../domain/settlement.ts";
import type { CancelOpenRequest } from "../../../ports/run-control.ts";
import { endRun } from "./run-changes.ts";
import { endedRunOf } from "./run-row.ts";
import type { RunTable } from "./run-table.ts";
import { take } from "./sorted-index.ts";

/** Cancels what a job has open, oldest first. Attempts in progress may finish. */
export function cancelOpenRuns(runs: RunTable, { jobUid, reason = "job_deleted", keeping, now, limit }: CancelOpenRequest): EndedRun[] {
  const waiting = take(runs.openOf.ascending(jobUid), limit, ({ state, origin: { definition } }) => {
    const kept = definition.queue === keeping?.queue && definition.handler === keeping.handler;
    return state !== "running" && !kept;
  });
  return waiting.map((row) => {
    endRun(row, { state: "cancelled", reason, now });
    runs.save(row);
    return endedRunOf(row);
  });
}
