import type { Client } from "@tickline/shared/domain/cancel";
import type { ApiContext } from "../api-context.ts";
import type { Condition } from "../http/conditions.ts";
import { cancelWaitingRuns } from "./cancel-waiting-runs.ts";
import { changeJob, nextVersion, type ChangeResult } from "./change-job.ts";

interface DeleteRequest {
  readonly tenantId: string;
  readonly jobId: string;
  readonly condition: Condition;
  readonly client: Client;
}

/** Leaves a tombstone, then cancels the runs that have not started. Attempts under way finish, and the history stays. */
export async function deleteJob(context: ApiContext, { tenantId, jobId, condition, client }: DeleteRequest): Promise<ChangeResult> {
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
  if (result.kind === "changed") await cancelWaitingRuns(context, result.job, { reason: "job_deleted", client });
  return result;
}
