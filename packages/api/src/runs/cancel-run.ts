import type { CancelledBy } from "@tickline/shared/domain/cancel";
import type { Run } from "@tickline/shared/domain/run";
import type { ApiContext } from "../api-context.ts";
import { problem, type Problem } from "../http/problem.ts";
import { quote } from "../http/quote.ts";

/** Ends a run that has not started; of one that is running, asks its executor to. */
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

export const runNotFound = (runId: string): Problem => problem("run_not_found", `there is no run ${quote(runId)}`);
