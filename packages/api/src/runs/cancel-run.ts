import type { CancelledBy } from "@tickline/shared/domain/run/cancel";
import { DEFAULT_TENANT } from "@tickline/shared/domain/job/job";
import type { Run } from "@tickline/shared/domain/run/run";
import type { ApiContext } from "../api-context.ts";
import { problem, type Problem } from "../problems/problem.ts";
import { bodyRoute, noBody, noQuery, type Route } from "../http/route.ts";
import { ACCEPTED_RUN, answerRun, isRunId, runDocs, runNotFound } from "./run-answer.ts";

/** `POST /runs/:id/cancel` */
export const cancelRunRoute = (context: ApiContext): Route =>
  bodyRoute({
    method: "post",
    path: "/runs/:id/cancel",
    query: noQuery,
    body: noBody,
    docs: runDocs({
      operationId: "cancelRun",
      summary: "Cancel a run",
      description: "A run that has not started ends at once. For a running one, its executor is asked to end it.",
      responses: { 202: ACCEPTED_RUN },
      problems: ["run_not_found", "run_ended", "stored_unreadable"],
    }),
    async handle({ id, client }) {
      if (!isRunId(id)) return runNotFound(id);
      const by = { kind: "api", ...client() } as const;
      return answerRun(context, await cancelRun(context, { tenantId: DEFAULT_TENANT, runId: id, by }));
    },
  });

/** Ends a run that has not started. For a running one, it asks the executor to end it. */
export async function cancelRun(
  { control, runs, time, notices }: ApiContext,
  { tenantId, runId, by }: { readonly tenantId: string; readonly runId: string; readonly by: CancelledBy },
): Promise<{ kind: "accepted"; run: Run } | Problem> {
  const outcome = await control.cancel(tenantId, { runId, now: time.decide(), by });
  switch (outcome.kind) {
    case "unknown":
      return runNotFound(runId);
    case "ended":
      return problem("run_ended", `run ${runId} has ended: there is nothing to cancel`);
    case "cancelled":
      notices.runsEnded([outcome.run]);
      break;
    case "requested":
      notices.cancelRequested(runId);
      break;
  }
  const run = await runs.get(tenantId, runId);
  return run === null ? runNotFound(runId) : { kind: "accepted", run };
}
