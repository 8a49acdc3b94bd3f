import { isTerminal } from "@tickline/shared/domain/run-state";
import type { Run } from "@tickline/shared/domain/run";
import type { ApiContext } from "../api-context.ts";
import { problem, type Problem } from "../http/problem.ts";
import { runNotFound } from "./cancel-run.ts";
import { fireByHand } from "./fire-by-hand.ts";
import { stampOf } from "./request-stamp.ts";

export interface RetryRequest {
  readonly tenantId: string;
  readonly runId: string;
  readonly key: string | null;
}

/** A new run like one that has ended: by the definition that one used, at the time of the request. */
export async function retryRun(
  context: ApiContext,
  { tenantId, runId, key }: RetryRequest,
): Promise<{ kind: "fired"; run: Run } | Problem> {
  const run = await context.runs.get(tenantId, runId);
  if (run === null) return runNotFound(runId);
  if (!isTerminal(run.state)) return problem("run_not_ended", `run ${runId} is ${run.state}: only a run that has ended can be retried`);
  const origin = await context.runs.origin(tenantId, runId);
  if (origin === null)
    return problem("stored_unreadable", `the definition that run ${runId} used is not there any more, or cannot be read`);
  const [job] = await context.dueJobs.read([origin.jobUid]);
  if (job === undefined) return problem("job_deleted", `job ${run.jobId} of run ${runId} has been deleted`);
  const stamp = await stampOf(context, { tenantId, scope: `retry:${runId}`, key, asked: null });
  if (stamp.kind === "problem") return stamp;
  return fireByHand(context, job, { cause: "retry", ...stamp.value, retryOf: runId, definitionOf: () => origin.definitionHash });
}
