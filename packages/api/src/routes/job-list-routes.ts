import { DEFAULT_TENANT, JOB_STATES, type Job } from "@tickline/shared/domain/job";
import { HandlerTypeSchema, QueueNameSchema, TAG_LENGTH_MAX, TAGS_MAX, NAME_LENGTH_MAX } from "@tickline/shared/domain/job-definition";
import { RUN_STATES } from "@tickline/shared/domain/run-state";
import type { JobQuery } from "@tickline/shared/ports/job-catalog";
import { z } from "zod";
import type { ApiContext } from "../api-context.ts";
import { json } from "../http/answer.ts";
import { etagOf } from "../http/conditions.ts";
import { idempotencyKeyOf } from "../http/idempotency-key.ts";
import { noQuery, pageQuery } from "../http/list-query.ts";
import { pageAnswer } from "../http/page-answer.ts";
import { bodyRoute, route, type Route } from "../http/route.ts";
import { createJob } from "../jobs/create-job.ts";
import { jobBodies, looseFaults } from "../jobs/job-input.ts";
import { JobView, showJob } from "../views/job-view.ts";
import { leftOut, listedView } from "../views/long-fields.ts";
import { pageView } from "../views/page-view.ts";

const JobListQuery = z.object({
  state: z.enum(JOB_STATES).optional(),
  status: z.enum(["pending", ...RUN_STATES]).optional(),
  handler: HandlerTypeSchema.optional(),
  queue: QueueNameSchema.optional(),
  tag: z.array(z.string().min(1).max(TAG_LENGTH_MAX)).max(TAGS_MAX).optional().meta({ description: "Repeated: all of them." }),
  q: z.string().min(1).max(NAME_LENGTH_MAX).optional().meta({ description: "A part of the name." }),
  ...pageQuery,
});

export const jobListRoutes = (context: ApiContext): Route[] => [createRoute(context), listRoute(context)];

const createRoute = (context: ApiContext): Route =>
  bodyRoute({
    method: "post",
    path: "/jobs",
    query: noQuery,
    body: { ...jobBodies(context).create, also: (given) => looseFaults(context, given) },
    docs: {
      operationId: "createJob",
      tag: "Jobs",
      summary: "Create a job",
      description: "Durable when it answers. The same `Idempotency-Key` and body give the same job, however often they come.",
      headers: ["Idempotency-Key"],
      responses: { 201: { description: "The job.", schema: JobView, headers: ["ETag", "Location"] } },
      problems: ["schedule_never_fires", "idempotency_key_reused", "idempotency_key_expired", "job_deleted", "edit_conflict", "bad_header"],
    },
    async handle({ body, header }) {
      const key = idempotencyKeyOf(header);
      if (key.kind === "problem") return key;
      const result = await createJob(context, { tenantId: DEFAULT_TENANT, id: null, input: body, key: key.value });
      if (result.kind === "problem") return result;
      const { job } = result;
      return json(201, showJob(job), { ETag: etagOf(job.version), Location: `/jobs/${job.id}` });
    },
  });

const listRoute = ({ clock, jobs, digest, config }: ApiContext): Route =>
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
    handle: ({ query, path, querystring }) =>
      pageAnswer(
        { digest, limits: config },
        {
          path,
          querystring,
          query,
          text: (job: Job) => JSON.stringify({ ...showJob(job, clock.now()), ...leftOut(query.include) }),
          idOf: ({ id }) => id,
          read: (page) => jobs.list(DEFAULT_TENANT, { ...filtersOf(query), ...page, params: query.include.includes("params") }),
        },
      ),
  });

function filtersOf({ state, status, handler, queue, tag, q }: z.output<typeof JobListQuery>): Omit<JobQuery, "limit" | "cursor"> {
  return {
    ...(state !== undefined && { state }),
    ...(status !== undefined && { status }),
    ...(handler !== undefined && { handler }),
    ...(queue !== undefined && { queue }),
    ...(tag !== undefined && { tags: tag }),
    ...(q !== undefined && { nameContains: q }),
  };
}
