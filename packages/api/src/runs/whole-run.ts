import type { JsonObject } from "@tickline/shared/domain/json";
import type { Run } from "@tickline/shared/domain/run";
import type { ApiContext } from "../api-context.ts";
import { showListedRun, showRun, type RunView } from "../views/run-view.ts";

/** A run as it is answered by itself: with the params that it uses, whatever has become of its job. */
export async function wholeRun({ runs }: Pick<ApiContext, "runs">, run: Run): Promise<RunView> {
  return showRun(run, await paramsOf(runs, run));
}

/** The same in the reply to a command: without stacks, because all who send commands read one topic. */
export async function repliedRun({ runs }: Pick<ApiContext, "runs">, run: Run): Promise<RunView> {
  return showListedRun(run, await paramsOf(runs, run));
}

async function paramsOf(runs: ApiContext["runs"], { tenantId, runId }: Run): Promise<JsonObject | null> {
  return (await runs.params(tenantId, [runId])).get(runId) ?? null;
}
