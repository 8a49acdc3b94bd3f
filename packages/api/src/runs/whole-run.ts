import type { Run } from "@tickline/shared/domain/run";
import type { ApiContext } from "../api-context.ts";
import { showRun, type RunView } from "../views/run-view.ts";

/** A run as it is answered by itself: with the params that it uses, whatever has become of its job. */
export async function wholeRun({ runs }: Pick<ApiContext, "runs">, run: Run): Promise<RunView> {
  const params = await runs.params(run.tenantId, [run.runId]);
  return showRun(run, params.get(run.runId) ?? null);
}
