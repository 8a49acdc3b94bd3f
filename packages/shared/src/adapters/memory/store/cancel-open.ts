import { UNKNOWN_CLIENT } from "../../../domain/cancel.ts";
import type { EndedRun } from "../../../domain/settlement.ts";
import type { CancelOpenRequest } from "../../../ports/run-control.ts";
import { wakeNext } from "./overlap-waits.ts";
import { cancelWaiting } from "./run-changes.ts";
import { takeReadable } from "../../../runtime/map-readable.ts";
import { asReadable, endedRunOf, type RunRow } from "./run-row.ts";
import { take } from "./sorted-index.ts";
import type { MemoryState } from "./state.ts";

/** Cancels what a job has open, oldest first. Attempts in progress may finish. */
export function cancelOpenRuns(
  { runs, onUnreadable }: MemoryState,
  { jobUid, reason = "job_deleted", client = UNKNOWN_CLIENT, keeping, now, limit }: CancelOpenRequest,
): EndedRun[] {
  const waiting = take(runs.openOf.ascending(jobUid), Infinity, ({ state, origin: { definition } }) => {
    const kept = definition.queue === keeping?.queue && definition.handler === keeping.handler;
    return (state === "due" || state === "retrying") && !kept;
  });
  const cancelled: RunRow[] = [];
  const ended = takeReadable(
    waiting,
    limit,
    asReadable((row) => {
      cancelWaiting(row, { reason, cancel: { requestedAt: now, by: { kind: reason, ...client } } });
      runs.save(row);
      cancelled.push(row);
      return endedRunOf(row);
    }, onUnreadable),
  );
  if (keeping !== undefined) for (const row of cancelled) wakeNext(runs, row); // Else nothing of the job is to go on.
  return ended;
}
