import { DEFAULT_TENANT } from "@tickline/shared/domain/job/job";
import { JobIdSchema } from "@tickline/shared/domain/job/job-definition";
import { RUN_CAUSES, type Run } from "@tickline/shared/domain/run/run";
import { RUN_STATES } from "@tickline/shared/domain/run/run-state";
import type { JsonObject } from "@tickline/shared/domain/json/json";
import { parseInstant } from "@tickline/shared/domain/schedule/calendar/iso-time";
import { InstantText, read as readText } from "@tickline/shared/domain/schedule/input/schedule-fields";
import type { Page, PageRequest } from "@tickline/shared/ports/page";
import type { RunQuery } from "@tickline/shared/ports/runs/run-queries";
import { z } from "zod";
import type { ApiContext } from "../api-context.ts";
import { pageQuery, type PageQuery } from "../lists/list-query.ts";
import { answerPage, pageView } from "../lists/list-page.ts";
import { invalidRequest, type Problem } from "../problems/problem.ts";
import { route, type Route } from "../http/route.ts";
import { jobNotFound } from "../jobs/change-job.ts";
import { leftOut, listedView } from "../views/long-fields.ts";
import { RunView, showListedRun } from "../views/run-view.ts";
import { isJobId } from "../jobs/job-answer.ts";

const instant = (description: string) =>
  InstantText.transform(readText(parseInstant))
    .optional()
    .meta({ description, examples: ["2026-12-01T09:00:00Z"] });

const RunListQuery = z.object({
  jobId: JobIdSchema.optional().meta({ description: "Includes the runs of every job that had this id, also of deleted jobs." }),
  state: z.enum(RUN_STATES).optional(),
  cause: z.enum(RUN_CAUSES).optional(),
  from: instant("`scheduledFor` at or after this instant."),
  to: instant("`scheduledFor` before this instant."),
  ...pageQuery,
});
const JobRunsQuery = RunListQuery.omit({ jobId: true });
type RunFilters = Omit<z.output<typeof JobRunsQuery>, keyof PageQuery>;

const RunPage = pageView("RunPage", listedView("ListedRun", RunView));

/** How a list shows its runs. */
function shown({ include }: PageQuery): { readonly text: (item: ListedRun) => string; readonly toId: (item: ListedRun) => string } {
  const absent = leftOut(include);
  return { text: ({ run, params }) => JSON.stringify({ ...showListedRun(run, params), ...absent }), toId: ({ run }) => run.runId };
}

interface ListedRun {
  readonly run: Run;
  readonly params: JsonObject | null;
}

/** A page of runs. Params are read only if they are shown, because they are in other rows. */
async function readPage({ runs }: ApiContext, query: RunQuery, { include }: PageQuery): Promise<Page<ListedRun>> {
  const page = await runs.list(DEFAULT_TENANT, { ...query, outputs: include.includes("output") });
  const runIds = include.includes("params") ? page.items.map(({ runId }) => runId) : [];
  const params = runIds.length === 0 ? new Map<string, JsonObject>() : await runs.params(DEFAULT_TENANT, runIds);
  return { ...page, items: page.items.map((run) => ({ run, params: params.get(run.runId) ?? null })) };
}

/** `GET /jobs/:id/runs` */
export const listJobRunsRoute = (context: ApiContext): Route =>
  route({
    method: "get",
    path: "/jobs/:id/runs",
    query: JobRunsQuery,
    docs: {
      operationId: "listJobRuns",
      tag: "Jobs",
      id: JobIdSchema,
      summary: "List the runs of a job, newest first",
      responses: { 200: { description: "A page of runs.", schema: RunPage, headers: ["Link"] } },
      problems: ["job_not_found", "stored_unreadable"],
    },
    async handle({ id, query, path, querystring }) {
      const refused = checkSpan(query);
      if (refused !== null) return refused;
      const job = isJobId(id) ? await context.jobs.get(DEFAULT_TENANT, id) : null;
      if (job === null) return jobNotFound(id);
      const filters = { ...toFilters(query), jobId: job.id, jobUid: job.uid };
      const read = (page: PageRequest) => readPage(context, { ...filters, ...page }, query);
      return answerPage({ digest: context.digest, limits: context.config }, { path, querystring, query, ...shown(query), read });
    },
  });

/** `GET /runs` */
export const listRunsRoute = (context: ApiContext): Route =>
  route({
    method: "get",
    path: "/runs",
    query: RunListQuery,
    docs: {
      operationId: "listRuns",
      tag: "Runs",
      summary: "List runs, newest first",
      responses: { 200: { description: "A page of runs.", schema: RunPage, headers: ["Link"] } },
      problems: [],
    },
    handle({ query, path, querystring }) {
      const refused = checkSpan(query);
      if (refused !== null) return refused;
      const filters = { ...toFilters(query), ...(query.jobId !== undefined && { jobId: query.jobId }) };
      const read = (page: PageRequest) => readPage(context, { ...filters, ...page }, query);
      return answerPage({ digest: context.digest, limits: context.config }, { path, querystring, query, ...shown(query), read });
    },
  });

const checkSpan = ({ from, to }: RunFilters): Problem | null =>
  from === undefined || to === undefined || from < to
    ? null
    : invalidRequest([{ pointer: "/to", code: "invalid_value", message: "must be after from" }]);

function toFilters({ state, cause, from, to }: RunFilters): Omit<RunQuery, "limit" | "cursor"> {
  return {
    ...(state !== undefined && { state }),
    ...(cause !== undefined && { cause }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  };
}
