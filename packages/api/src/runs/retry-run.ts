import { DEFAULT_TENANT } from "@tickline/shared/domain/job/job";
import { isTerminal } from "@tickline/shared/domain/run/run-state";
import type { Run } from "@tickline/shared/domain/run/run";
import type { ApiContext } from "../api-context.ts";
import { problem, type Problem } from "../problems/problem.ts";
import { bodyRoute, noBody, noQuery, type Route } from "../http/route.ts";
import { readIdempotencyKey } from "../request/idempotency-key.ts";
import { fireByHand, stampRequest } from "./fire-by-hand.ts";
import { ACCEPTED_RUN, answerRun, isRunId, runDocs, runNotFound } from "./run-answer.ts";

/** `POST /runs/:id/retry` */
export const retryRunRoute = (context: ApiContext): Route =>
  bodyRoute({
    method: "post",
    path: "/runs/:id/retry",
    query: noQuery,
    body: noBody,
    docs: runDocs({
      operationId: "retryRun",
      summary: "Run an ended run again",
      description: "Makes a new run with the same definition and with `retryOf`. Its `scheduledFor` is the time of the request.",
      headers: ["Idempotency-Key"],
      responses: { 202: ACCEPTED_RUN },
      problems: [
        "run_not_found",
        "run_not_ended",
        "job_deleted",
        "stored_unreadable",
        "idempotency_key_reused",
        "idempotency_key_expired",
        "edit_conflict",
        "bad_header",
      ],
    }),
    async handle({ id, header }) {
      const key = readIdempotencyKey(header);
      if (key.kind === "problem") return key;
      if (!isRunId(id)) return runNotFound(id);
      return answerRun(context, await retryRun(context, { tenantId: DEFAULT_TENANT, runId: id, key: key.value }));
    },
  });

interface RetryRequest {
  readonly tenantId: string;
  readonly runId: string;
  readonly key: string | null;
}

/** Makes a new run with the definition of a run that has ended, at the time of the request. */
async function retryRun(context: ApiContext, { tenantId, runId, key }: RetryRequest): Promise<{ kind: "fired"; run: Run } | Problem> {
  const run = await context.runs.get(tenantId, runId);
  if (run === null) return runNotFound(runId);
  if (!isTerminal(run.state)) return problem("run_not_ended", `run ${runId} is ${run.state}: only a run that has ended can be retried`);
  const origin = await context.runs.origin(tenantId, runId);
  if (origin === null)
    return problem("stored_unreadable", `the definition that run ${runId} used is not there any more, or cannot be read`);
  const [job] = await context.dueJobs.read([origin.jobUid]);
  if (job === undefined) return problem("job_deleted", `job ${run.jobId} of run ${runId} has been deleted`);
  const stamp = await stampRequest(context, { tenantId, scope: `retry:${runId}`, key, asked: null });
  if (stamp.kind === "problem") return stamp;
  return fireByHand(context, job, { cause: "retry", ...stamp.value, retryOf: runId, chooseDefinition: () => origin.definitionHash });
}
