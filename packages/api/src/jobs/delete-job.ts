import type { Client } from "@tickline/shared/domain/cancel";
import { jobDeleted } from "@tickline/shared/events/job-event";
import { cancelDeletedRuns } from "@tickline/shared/runtime/cancel-deleted-runs";
import type { ApiContext } from "../api-context.ts";
import type { Condition } from "../http/conditions.ts";
import { changeJob, nextVersion, type ChangeResult } from "./change-job.ts";

interface DeleteRequest {
  readonly tenantId: string;
  readonly jobId: string;
  readonly condition: Condition;
  readonly client: Client;
  /** Attempts under way are asked to end; false: they finish. */
  readonly cancelRunning: boolean;
}

/**
 * Leaves a tombstone, then cancels the runs that have not started and, if wanted, those in progress. The history stays. What a crash leaves of it
 * stands in the event of the deletion, which the same write puts into the outbox: the scheduler that sends it does the rest first.
 */
export function deleteJob(context: ApiContext, { cancelRunning, client, ...request }: DeleteRequest): Promise<ChangeResult> {
  const { control, time, notices, config } = context;
  const parts = {
    control,
    now: time.decide,
    client,
    runsMax: config.cancelRunsMax,
    onEnded: notices.runsEnded,
    onAsked: (runIds: readonly string[]) => runIds.forEach(notices.cancelRequested),
  };
  return changeJob(context, {
    ...request,
    decide: (job, now) => ({
      kind: "change",
      next: nextVersion(job, { state: "deleted", nextRunAt: null }, now),
      says: (deleted) => jobDeleted(deleted, { cancelRunning }),
      recordsPause: true,
    }),
    complete: async (event) => (event.type === "JobDeleted" ? cancelDeletedRuns(parts, event) : undefined),
  });
}
