import { DEFAULT_TENANT, type Job } from "@tickline/shared/domain/job/job";
import type { ApiContext } from "../api-context.ts";
import { content, JSON_TYPE } from "../http/answer.ts";
import { noQuery, route, type Route } from "../http/route.ts";
import { toEtag } from "../request/conditions.ts";
import { JobDetailView, jobDetailJson, RECENT_RUNS_SHOWN } from "../views/job-view.ts";
import { jobNotFound } from "./change-job.ts";
import { isJobId, jobDocs } from "./job-answer.ts";

/** `GET /jobs/:id` */
export const getJobRoute = (context: ApiContext): Route =>
  route({
    method: "get",
    path: "/jobs/:id",
    query: noQuery,
    docs: jobDocs({
      operationId: "getJob",
      summary: "A job with its next instants and recent runs",
      responses: { 200: { description: "The job.", schema: JobDetailView, headers: ["ETag"] } },
      problems: ["job_not_found", "stored_unreadable"],
    }),
    async handle({ id }) {
      const job = isJobId(id) ? await context.jobs.get(DEFAULT_TENANT, id) : null;
      return job === null ? jobNotFound(id) : content(JSON_TYPE, await readDetailJson(context, job), { ETag: toEtag(job.version) });
    },
  });

/** A job with its next instants and recent runs, as JSON. */
export async function readDetailJson({ clock, runs }: Pick<ApiContext, "clock" | "runs">, job: Job): Promise<string> {
  const { tenantId, id, uid } = job;
  const recent = await runs.list(tenantId, { jobId: id, jobUid: uid, limit: RECENT_RUNS_SHOWN, cursor: null, outputs: false });
  return jobDetailJson(job, recent.items, clock.now());
}
