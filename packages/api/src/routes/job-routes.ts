import { DEFAULT_TENANT, type Job } from "@tickline/shared/domain/job";
import { JobIdSchema } from "@tickline/shared/domain/job-definition";
import { z } from "zod";
import type { ApiContext } from "../api-context.ts";
import { content, empty, json, JSON_TYPE, type Answer } from "../http/answer.ts";
import { conditionOf, etagOf } from "../http/conditions.ts";
import { noQuery } from "../http/list-query.ts";
import { noBody } from "../http/no-body.ts";
import { malformedId } from "../http/problem.ts";
import { bodyRoute, route, type Route, type RouteDocs } from "../http/route.ts";
import { changeJob, jobNotFound, type ChangeRequest, type ChangeResult } from "../jobs/change-job.ts";
import { deleteJob } from "../jobs/delete-job.ts";
import { jobBodies, looseFaults } from "../jobs/job-input.ts";
import { decidePause, decideResume } from "../jobs/pause-job.ts";
import { patchJob, putJob } from "../jobs/replace-job.ts";
import { jobDetailJson, JobDetailView, JobView, RECENT_RUNS_SHOWN, showJob } from "../views/job-view.ts";

export const jobRoutes = (context: ApiContext): Route[] => [
  getRoute(context),
  putRoute(context),
  patchRoute(context),
  deleteRoute(context),
  pauseRoute(context),
  resumeRoute(context),
];

/** An id of another shape is nobody's: there is no need to ask the store. */
export const isJobId = (id: string): boolean => JobIdSchema.safeParse(id).success;

const docs = (rest: Omit<RouteDocs, "tag" | "id">): RouteDocs => ({ tag: "Jobs", id: JobIdSchema, ...rest });
const shown = { description: "The job.", schema: JobView, headers: ["ETag"] } as const;
const editProblems = [
  "job_not_found",
  "version_mismatch",
  "edit_conflict",
  "schedule_not_evaluated",
  "stored_unreadable",
  "catching_up",
  "bad_header",
] as const;
/** What `conditionOf` reads. */
const conditions = ["If-Match", "If-None-Match"] as const;
const readOnly = "Read-only fields are ignored, so that what GET gave may be sent back.";

const getRoute = ({ clock, jobs, runs }: ApiContext): Route =>
  route({
    method: "get",
    path: "/jobs/:id",
    query: noQuery,
    docs: docs({
      operationId: "getJob",
      summary: "A job, what comes next and what came last",
      responses: { 200: { description: "The job.", schema: JobDetailView, headers: ["ETag"] } },
      problems: ["job_not_found", "stored_unreadable"],
    }),
    async handle({ id }) {
      const job = isJobId(id) ? await jobs.get(DEFAULT_TENANT, id) : null;
      if (job === null) return jobNotFound(id);
      const recent = await runs.list(DEFAULT_TENANT, {
        jobId: id,
        jobUid: job.uid,
        limit: RECENT_RUNS_SHOWN,
        cursor: null,
        outputs: false,
      });
      return content(JSON_TYPE, jobDetailJson(job, recent.items, clock.now()), { ETag: etagOf(job.version) });
    },
  });

const putRoute = (context: ApiContext): Route =>
  bodyRoute({
    method: "put",
    path: "/jobs/:id",
    query: noQuery,
    body: { ...jobBodies(context).replace, also: (given) => looseFaults(context, given) },
    docs: docs({
      operationId: "putJob",
      summary: "Create or replace a job",
      description: `${readOnly} With the same schedule a fixed interval goes on counting from where it did.`,
      headers: conditions,
      responses: { 200: shown, 201: { ...shown, headers: ["ETag", "Location"] } },
      problems: [...editProblems, "invalid_id", "schedule_never_fires"],
    }),
    async handle({ id, body, header, client }) {
      if (!isJobId(id)) return malformedId(id);
      const condition = conditionOf(header);
      if (condition.kind === "problem") return condition;
      const result = await putJob(context, {
        tenantId: DEFAULT_TENANT,
        jobId: id,
        input: body,
        condition: condition.value,
        client: client(),
      });
      if (result.kind === "problem") return result;
      return result.kind === "created" ? showWritten(result.job, 201) : showWritten(result.job);
    },
  });

const patchRoute = (context: ApiContext): Route =>
  bodyRoute({
    method: "patch",
    path: "/jobs/:id",
    query: noQuery,
    body: jobBodies(context).patch,
    docs: docs({
      operationId: "patchJob",
      summary: "Change a job",
      description: "RFC 7396 merge patch. Read-only fields may be sent back as they are; another value is refused.",
      headers: conditions,
      responses: { 200: shown },
      problems: [...editProblems, "schedule_never_fires"],
    }),
    async handle({ id, body, header, client }) {
      const condition = conditionOf(header);
      if (condition.kind === "problem") return condition;
      if (!isJobId(id)) return jobNotFound(id);
      const request = { tenantId: DEFAULT_TENANT, jobId: id, patch: body, condition: condition.value, client: client() };
      return answerOf(id, await patchJob(context, request));
    },
  });

const deleteQuery = z.object({
  cancelRunning: z
    .enum(["true", "false"])
    .default("false")
    .transform((text) => text === "true")
    .meta({ description: "Whether attempts under way are cancelled as well." }),
});

const deleteRoute = (context: ApiContext): Route =>
  route({
    method: "delete",
    path: "/jobs/:id",
    query: deleteQuery,
    docs: docs({
      operationId: "deleteJob",
      summary: "Delete a job",
      description:
        "Runs not yet started, or waiting for a retry, are cancelled. Attempts under way finish, and keep their workers until they do or reach their timeout; with `cancelRunning=true` they are cancelled too. The history stays under `/runs?jobId=`.",
      headers: conditions,
      responses: { 204: { description: "It is deleted." } },
      problems: editProblems,
    }),
    async handle({ id, query: { cancelRunning }, header, client }) {
      const condition = conditionOf(header);
      if (condition.kind === "problem") return condition;
      if (!isJobId(id)) return jobNotFound(id);
      const request = { tenantId: DEFAULT_TENANT, jobId: id, condition: condition.value, client: client(), cancelRunning };
      const result = await deleteJob(context, request);
      if (result.kind === "problem") return result;
      return result.kind === "missing" ? jobNotFound(id) : empty();
    },
  });

const pauseRoute = (context: ApiContext): Route =>
  stateRoute(context, {
    path: "/jobs/:id/pause",
    decide: decidePause,
    docs: {
      operationId: "pauseJob",
      summary: "Pause a job",
      description: "A barrier: once it answers, no run of a later instant starts. Runs that are due already go on.",
    },
  });

const resumeRoute = (context: ApiContext): Route =>
  stateRoute(context, {
    path: "/jobs/:id/resume",
    decide: decideResume(context),
    docs: {
      operationId: "resumeJob",
      summary: "Resume a job",
      description: "It goes on from now; the instants of the pause stand in its history as one skipped range.",
    },
  });

interface StateRoute {
  readonly path: string;
  readonly decide: ChangeRequest["decide"];
  readonly docs: Pick<RouteDocs, "operationId" | "summary" | "description">;
}

const stateRoute = (context: ApiContext, { path, decide, docs: said }: StateRoute): Route =>
  bodyRoute({
    method: "post",
    path,
    query: noQuery,
    body: noBody,
    docs: docs({ ...said, headers: conditions, responses: { 200: shown }, problems: editProblems }),
    async handle({ id, header }) {
      const condition = conditionOf(header);
      if (condition.kind === "problem") return condition;
      if (!isJobId(id)) return jobNotFound(id);
      return answerOf(id, await changeJob(context, { tenantId: DEFAULT_TENANT, jobId: id, condition: condition.value, decide }));
    },
  });

const answerOf = (id: string, result: ChangeResult): Answer =>
  result.kind === "problem" ? result : result.kind === "missing" ? jobNotFound(id) : showWritten(result.job);

const showWritten = (job: Job, status: 200 | 201 = 200): Answer =>
  json(status, showJob(job), { ETag: etagOf(job.version), ...(status === 201 && { Location: `/jobs/${job.id}` }) });
