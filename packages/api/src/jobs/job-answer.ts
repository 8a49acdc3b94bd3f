import type { Job } from "@tickline/shared/domain/job/job";
import { JobIdSchema } from "@tickline/shared/domain/job/job-definition";
import { empty, json, type Answer } from "../http/answer.ts";
import type { RouteDocs } from "../http/route.ts";
import { toEtag } from "../request/conditions.ts";
import { JobView, showJob } from "../views/job-view.ts";
import { jobNotFound, type ChangeResult } from "./change-job.ts";

/** No job has an id of another shape, so the store need not be read. */
export const isJobId = (id: string): boolean => JobIdSchema.safeParse(id).success;

/** The description of every route below `/jobs/:id` in the document. */
export const jobDocs = (rest: Omit<RouteDocs, "tag" | "id">): RouteDocs => ({ tag: "Jobs", id: JobIdSchema, ...rest });
export const SHOWN_JOB = { description: "The job.", schema: JobView, headers: ["ETag"] } as const;
/** The headers that `readCondition` reads. */
export const CONDITION_HEADERS = ["If-Match", "If-None-Match"] as const;
export const EDIT_PROBLEMS = [
  "job_not_found",
  "version_mismatch",
  "edit_conflict",
  "schedule_not_evaluated",
  "stored_unreadable",
  "catching_up",
  "bad_header",
] as const;

/** The answer to an edit of a job. */
export const answerChange = (jobId: string, result: ChangeResult): Answer =>
  result.kind === "problem" ? result : result.kind === "missing" ? jobNotFound(jobId) : answerJob(result.job, 200);

/** The answer to a deletion. */
export const answerDeletion = (jobId: string, result: ChangeResult): Answer =>
  result.kind === "problem" ? result : result.kind === "missing" ? jobNotFound(jobId) : empty();

/** A job that this request has written. 201: it is new. */
export const answerJob = (job: Job, status: 200 | 201): Answer =>
  json(status, showJob(job), { ETag: toEtag(job.version), ...(status === 201 && { Location: `/jobs/${job.id}` }) });
