import type { JsonObject } from "@tickline/shared/domain/json/json";
import type { Run } from "@tickline/shared/domain/run/run";
import { RUN_ID_PATTERN } from "@tickline/shared/domain/run/run-id";
import type { ApiContext } from "../api-context.ts";
import { json, type Answer } from "../http/answer.ts";
import type { RouteDocs } from "../http/route.ts";
import { problem, type Problem } from "../problems/problem.ts";
import { quote } from "../problems/quote.ts";
import { RunIdView, RunView, showListedRun, showRun } from "../views/run-view.ts";

export const isRunId = (id: string): boolean => RUN_ID_PATTERN.test(id);
export const runNotFound = (runId: string): Problem => problem("run_not_found", `there is no run ${quote(runId)}`);

/** The description of every route below `/runs/:id` in the document. */
export const runDocs = (rest: Omit<RouteDocs, "tag" | "id">): RouteDocs => ({ tag: "Runs", id: RunIdView, ...rest });
export const ACCEPTED_RUN = { description: "The run.", schema: RunView, headers: ["Location"] } as const;

/** A run with the params that it uses, even if its job was edited or deleted. */
export const readRunView = async ({ runs }: Pick<ApiContext, "runs">, run: Run): Promise<RunView> =>
  showRun(run, await readParams(runs, run));

/** The same without stacks, for the reply to a command: all senders of commands read one topic. */
export const readRepliedRun = async ({ runs }: Pick<ApiContext, "runs">, run: Run): Promise<RunView> =>
  showListedRun(run, await readParams(runs, run));

const readParams = async (runs: ApiContext["runs"], { tenantId, runId }: Run): Promise<JsonObject | null> =>
  (await runs.params(tenantId, [runId])).get(runId) ?? null;

/** The answer to a request that made a run or asked for its end. */
export const answerRun = async (context: ApiContext, result: { readonly run: Run } | Problem): Promise<Answer> =>
  "run" in result ? json(202, await readRunView(context, result.run), { Location: `/runs/${result.run.runId}` }) : result;
