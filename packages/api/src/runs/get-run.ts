import { DEFAULT_TENANT } from "@tickline/shared/domain/job/job";
import type { ApiContext } from "../api-context.ts";
import { json } from "../http/answer.ts";
import { noQuery, route, type Route } from "../http/route.ts";
import { RunView } from "../views/run-view.ts";
import { isRunId, readRunView, runDocs, runNotFound } from "./run-answer.ts";

/** `GET /runs/:id` */
export const getRunRoute = (context: ApiContext): Route =>
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
      return run === null ? runNotFound(id) : json(200, await readRunView(context, run));
    },
  });
