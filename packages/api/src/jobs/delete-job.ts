import { DEFAULT_TENANT } from "@tickline/shared/domain/job/job";
import type { Client } from "@tickline/shared/domain/run/cancel";
import { jobDeleted } from "@tickline/shared/events/job-event";
import { cancelDeletedRuns } from "@tickline/shared/runtime/cancel-deleted-runs";
import type { ApiContext } from "../api-context.ts";
import { route, type Route } from "../http/route.ts";
import { readCondition, type Condition } from "../request/conditions.ts";
import { z } from "zod";
import { answerDeletion, CONDITION_HEADERS, EDIT_PROBLEMS, isJobId, jobDocs } from "./job-answer.ts";
import { changeJob, jobNotFound, nextVersion, type ChangeResult } from "./change-job.ts";

const DeleteQuery = z.object({
  cancelRunning: z
    .enum(["true", "false"])
    .default("false")
    .transform((text) => text === "true")
    .meta({ description: "Whether attempts in progress are cancelled as well." }),
});

/** `DELETE /jobs/:id` */
export const deleteJobRoute = (context: ApiContext): Route =>
  route({
    method: "delete",
    path: "/jobs/:id",
    query: DeleteQuery,
    docs: jobDocs({
      operationId: "deleteJob",
      summary: "Delete a job",
      description:
        "Cancels runs that have not started or that wait for a retry. Attempts in progress finish, and keep their workers until then or until their timeout; with `cancelRunning=true` they are cancelled too. The history stays under `/runs?jobId=`.",
      headers: CONDITION_HEADERS,
      responses: { 204: { description: "It is deleted." } },
      problems: EDIT_PROBLEMS,
    }),
    async handle({ id, query: { cancelRunning }, header, client }) {
      const condition = readCondition(header);
      if (condition.kind === "problem") return condition;
      if (!isJobId(id)) return jobNotFound(id);
      const request = { tenantId: DEFAULT_TENANT, jobId: id, condition: condition.value, client: client(), cancelRunning };
      return answerDeletion(id, await deleteJob(context, request));
    },
  });

interface DeleteRequest {
  readonly tenantId: string;
  readonly jobId: string;
  readonly condition: Condition;
  readonly client: Client;
  /** True: attempts in progress are asked to end. False: they finish. */
  readonly cancelRunning: boolean;
}

/**
 * Writes a tombstone. Then it cancels the runs that have not started and, if requested, those in progress. The history stays. If a crash
 * interrupts this, the event of the deletion is still in the outbox: the scheduler that sends it completes the deletion first.
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
