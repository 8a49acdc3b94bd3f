import { DEFAULT_TENANT } from "@tickline/shared/domain/job";
import { isJobId, JobIdSchema } from "@tickline/shared/domain/job-definition";
import type { Run } from "@tickline/shared/domain/run";
import { RUN_ID_PATTERN } from "@tickline/shared/domain/run-id";
import type { ApiContext } from "../api-context.ts";
import { json, type Answer } from "../http/answer.ts";
import { idempotencyKeyOf } from "../http/idempotency-key.ts";
import { noQuery } from "../http/list-query.ts";
import { noBody } from "../http/no-body.ts";
import type { Problem } from "../http/problem.ts";
import { bodyRoute, route, type Route, type RouteDocs } from "../http/route.ts";
import { jobNotFound } from "../jobs/change-job.ts";
import { cancelRun, runNotFound } from "../runs/cancel-run.ts";
import { retryRun } from "../runs/retry-run.ts";
import { triggerBody } from "../runs/trigger-body.ts";
import { triggerJob } from "../runs/trigger-job.ts";
import { wholeRun } from "../runs/whole-run.ts";
import { RunIdView, RunView } from "../views/run-view.ts";

/** One run, and those that people ask for. */
export const runRoutes = (context: ApiContext): Route[] => [
  triggerRoute(context),
  getRoute(context),
  cancelRoute(context),
  retryRoute(context),
];

const isRunId = (id: string): boolean => RUN_ID_PATTERN.test(id);
const accepted = { description: "The run.", schema: RunView, headers: ["Location"] } as const;

const triggerRoute = (context: ApiContext): Route =>
  bodyRoute({
    method: "post",
    path: "/jobs/:id/trigger",
    query: noQuery,
    body: triggerBody,
    docs: {
      operationId: "triggerJob",
      tag: "Jobs",
      id: JobIdSchema,
      summary: "Run a job now",
      description: "Also a paused or finished one; its schedule goes on as if nothing had been.",
      headers: ["Idempotency-Key"],
      responses: { 202: accepted },
      problems: [
        "job_not_found",
        "job_deleted",
        "schedule_not_evaluated",
        "stored_unreadable",
        "idempotency_key_reused",
        "idempotency_key_expired",
        "edit_conflict",
        "bad_header",
      ],
    },
    async handle({ id, body, header }) {
      const key = idempotencyKeyOf(header);
      if (key.kind === "problem") return key;
      if (!isJobId(id)) return jobNotFound(id);
      return fired(context, await triggerJob(context, { tenantId: DEFAULT_TENANT, jobId: id, params: body.params, key: key.value }));
    },
  });

const runDocs = (rest: Omit<RouteDocs, "tag" | "id">): RouteDocs => ({ tag: "Runs", id: RunIdView, ...rest });

const getRoute = (context: ApiContext): Route =>
  route({
    method: "get",
    path: "/runs/:id",
    query: noQuery,
    docs: runDocs({
      operationId: "getRun",
      summary: "A run",
      responses: { 200: { description: "The run.", schema: RunView } },
      problems: ["run_not_found", "stored_unreadable"],
    }),
    async handle({ id }) {
      const run = isRunId(id) ? await context.runs.get(DEFAULT_TENANT, id) : null;
      return run === null ? runNotFound(id) : json(200, await wholeRun(context, run));
    },
  });

const cancelRoute = (context: ApiContext): Route =>
  bodyRoute({
    method: "post",
    path: "/runs/:id/cancel",
    query: noQuery,
    body: noBody,
    docs: runDocs({
      operationId: "cancelRun",
      summary: "Cancel a run",
      description: "One that has not started ends at once; the executor of a running one is asked to end it.",
      responses: { 202: accepted },
      problems: ["run_not_found", "run_ended", "stored_unreadable"],
    }),
    async handle({ id, client }) {
      if (!isRunId(id)) return runNotFound(id);
      const by = { kind: "api", ...client() } as const;
      const result = await cancelRun(context, { tenantId: DEFAULT_TENANT, runId: id, by });
      return result.kind === "problem" ? result : acceptedRun(context, result.run);
    },
  });

const retryRoute = (context: ApiContext): Route =>
  bodyRoute({
    method: "post",
    path: "/runs/:id/retry",
    query: noQuery,
    body: noBody,
    docs: runDocs({
      operationId: "retryRun",
      summary: "Run once more what has ended",
      description: "A new run by the same definition, with `retryOf`; its `scheduledFor` is the time of the request.",
      headers: ["Idempotency-Key"],
      responses: { 202: accepted },
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
      const key = idempotencyKeyOf(header);
      if (key.kind === "problem") return key;
      if (!isRunId(id)) return runNotFound(id);
      return fired(context, await retryRun(context, { tenantId: DEFAULT_TENANT, runId: id, key: key.value }));
    },
  });

const fired = async (context: ApiContext, result: { readonly kind: "fired"; readonly run: Run } | Problem): Promise<Answer> =>
  result.kind === "problem" ? result : acceptedRun(context, result.run);

const acceptedRun = async (context: ApiContext, run: Run): Promise<Answer> =>
  json(202, await wholeRun(context, run), { Location: `/runs/${run.runId}` });
