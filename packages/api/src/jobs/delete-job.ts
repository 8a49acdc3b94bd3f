import type { ApiContext } from "../api-context.ts";
import type { Condition } from "../http/conditions.ts";
import { cancelWaitingRuns } from "./cancel-waiting-runs.ts";
import { changeJob, nextVersion, type ChangeResult } from "./change-job.ts";

/** Leaves a tombstone, then cancels the runs that have not started. Attempts under way finish, and the history stays. */
export async function deleteJob(
  context: ApiContext,
  { tenantId, jobId, condition }: { readonly tenantId: string; readonly jobId: string; readonly condition: Condition },
): Promise<ChangeResult> {
  const result = await changeJob(context, {
    tenantId,
    jobId,
    condition,
    decide: (job, now) => ({
      kind: "change",
      next: nextVersion(job, { state: "deleted", nextRunAt: null }, now),
      says: "JobDeleted",
      recordsPause: true,
    }),
  });
  if (result.kind === "changed") await cancelWaitingRuns(context, result.job, { reason: "job_deleted" });
  return result;
}
