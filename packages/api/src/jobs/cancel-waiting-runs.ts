import type { Job } from "@tickline/shared/domain/job";
import type { CancelOpenRequest } from "@tickline/shared/ports/run-control";
import type { ApiContext } from "../api-context.ts";

/**
 * Cancels the runs of a job that have not started or wait for a retry. Ends by itself: nothing fires for a tombstone, and an edited job
 * fires under its new definition, so each round leaves fewer.
 */
export async function cancelWaitingRuns(
  { control, time, notices, config }: ApiContext,
  { tenantId, uid }: Job,
  which: Pick<CancelOpenRequest, "reason" | "keeping" | "client">,
): Promise<void> {
  for (;;) {
    const ended = await control.cancelOpen(tenantId, { jobUid: uid, ...which, now: time.decide(), limit: config.cancelRunsMax });
    notices.runsEnded(ended);
    if (ended.length < config.cancelRunsMax) return;
  }
}
