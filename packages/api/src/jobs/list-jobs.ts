import { DEFAULT_TENANT, JOB_STATES, type Job } from "@tickline/shared/domain/job/job";
import { HandlerTypeSchema, QueueNameSchema, TAG_LENGTH_MAX, TAGS_MAX, NAME_LENGTH_MAX } from "@tickline/shared/domain/job/job-definition";
import { RUN_STATES } from "@tickline/shared/domain/run/run-state";
import type { JobQuery } from "@tickline/shared/ports/jobs/job-catalog";
import type { PageRequest } from "@tickline/shared/ports/page";
import { z } from "zod";
import type { ApiContext } from "../api-context.ts";
import { pageQuery } from "../lists/list-query.ts";
import { answerPage, pageView } from "../lists/list-page.ts";
import { route, type Route } from "../http/route.ts";
import { JobView, showJob } from "../views/job-view.ts";
import { leftOut, listedView } from "../views/long-fields.ts";

const JobListQuery = z.object({
  state: z.enum(JOB_STATES).optional(),
  status: z.enum(["pending", ...RUN_STATES]).optional(),
  handler: HandlerTypeSchema.optional(),
  queue: QueueNameSchema.optional(),
  tag: z.array(z.string().min(1).max(TAG_LENGTH_MAX)).max(TAGS_MAX).optional().meta({ description: "Repeated: all of them." }),
  q: z.string().min(1).max(NAME_LENGTH_MAX).optional().meta({ description: "A part of the name." }),
  ...pageQuery,
});

/** `GET /jobs` */
export const listJobsRoute = ({ clock, jobs, digest, config }: ApiContext): Route =>
  route({
    method: "get",
    path: "/jobs",
    query: JobListQuery,
    repeatable: ["tag"],
    docs: {
      operationId: "listJobs",
      tag: "Jobs",
      summary: "List jobs, newest first",
      responses: {
        200: { description: "A page of jobs.", schema: pageView("JobPage", listedView("ListedJob", JobView)), headers: ["Link"] },
      },
      problems: [],
    },
    handle({ query, path, querystring }) {
      const params = query.include.includes("params");
      const absent = leftOut(query.include);
      const list = {
        path,
        querystring,
        query,
        text: (job: Job) => JSON.stringify({ ...showJob(job, clock.now()), ...absent }),
        toId: ({ id }: Job) => id,
        read: (page: PageRequest) => jobs.list(DEFAULT_TENANT, { ...toFilters(query), ...page, params }),
      };
      return answerPage({ digest, limits: config }, list);
    },
  });

function toFilters({ state, status, handler, queue, tag, q }: z.output<typeof JobListQuery>): Omit<JobQuery, "limit" | "cursor"> {
  return {
    ...(state !== undefined && { state }),
    ...(status !== undefined && { status }),
    ...(handler !== undefined && { handler }),
    ...(queue !== undefined && { queue }),
    ...(tag !== undefined && { tags: tag }),
    ...(q !== undefined && { nameContains: q }),
  };
}
