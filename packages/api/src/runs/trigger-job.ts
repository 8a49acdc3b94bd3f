import { DEFAULT_TENANT, type Job } from "@tickline/shared/domain/job/job";
import { JobIdSchema, PARAMS_BYTES_MAX } from "@tickline/shared/domain/job/job-definition";
import { jsonBytes, JsonObjectSchema, type JsonObject } from "@tickline/shared/domain/json/json";
import type { Run } from "@tickline/shared/domain/run/run";
import type { ApiContext } from "../api-context.ts";
import { invalidRequest, type Problem } from "../problems/problem.ts";
import { isStandIn } from "@tickline/shared/domain/job/stored-definition";
import { findUnknownPolicy } from "@tickline/shared/domain/job/unknown-policy";
import { definitionUnreadable, jobNotFound, notEvaluated } from "../jobs/change-job.ts";
import { isExternal } from "../jobs/job-input.ts";
import { bodyRoute, noQuery, type BodySpec, type Route } from "../http/route.ts";
import { isJobId } from "../jobs/job-answer.ts";
import { readIdempotencyKey } from "../request/idempotency-key.ts";
import { z } from "zod";
import { fireByHand, stampRequest } from "./fire-by-hand.ts";
import { ACCEPTED_RUN, answerRun } from "./run-answer.ts";

/** The body of *trigger now*. */
export const triggerBody: BodySpec<{ readonly params?: JsonObject | undefined }> = {
  schema: z
    .strictObject({
      params: JsonObjectSchema.refine(
        (params) => jsonBytes(params) <= PARAMS_BYTES_MAX,
        `must be at most ${PARAMS_BYTES_MAX} bytes of JSON`,
      )
        .optional()
        .meta({ description: "Replace the job's own params, for this run only." }),
    })
    .meta({ id: "Trigger" }),
  example: { params: { url: "http://127.0.0.1:8080/" } },
  ifAbsent: {},
};

/** `POST /jobs/:id/trigger` */
export const triggerJobRoute = (context: ApiContext): Route =>
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
      description: "Also if the job is paused or finished. Its schedule does not change.",
      headers: ["Idempotency-Key"],
      responses: { 202: ACCEPTED_RUN },
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
      const key = readIdempotencyKey(header);
      if (key.kind === "problem") return key;
      if (!isJobId(id)) return jobNotFound(id);
      return answerRun(context, await triggerJob(context, { tenantId: DEFAULT_TENANT, jobId: id, params: body.params, key: key.value }));
    },
  });

interface TriggerRequest {
  readonly tenantId: string;
  readonly jobId: string;
  /** Replace the job's own params; undefined: use those. */
  readonly params: JsonObject | undefined;
  readonly key: string | null;
}

/** *Trigger now*: makes one run at the time of the request, even of a paused or finished job. */
export async function triggerJob(context: ApiContext, request: TriggerRequest): Promise<{ kind: "fired"; run: Run } | Problem> {
  const { tenantId, jobId, params, key } = request;
  const job = await context.jobs.get(tenantId, jobId);
  if (job === null) return jobNotFound(jobId);
  if (isStandIn(job.definition)) return definitionUnreadable(job);
  const policy = findUnknownPolicy(job.definition);
  if (policy !== null) return notEvaluated(job, policy);
  const checked = params !== undefined && !isExternal(context, job.definition.queue);
  const handler = !checked ? null : await context.knownHandlers.find(job.definition.handler);
  // If no executor has the handler at present, the run waits, like any other run of this job.
  const faults = !checked || handler === null ? [] : context.knownHandlers.checkParams(handler, params);
  if (faults.length > 0) return invalidRequest(faults);
  const stamp = await stampRequest(context, { tenantId, scope: `trigger:${job.uid}`, key, asked: { params: params ?? null } });
  if (stamp.kind === "problem") return stamp;
  return fireByHand(context, job, { cause: "manual", ...stamp.value, retryOf: null, chooseDefinition: definitionFor(context, params) });
}

/** The job's own definition, or another row with the given params. */
const definitionFor =
  ({ jobs }: ApiContext, params: JsonObject | undefined) =>
  (job: Job): string | Promise<string> =>
    params === undefined
      ? job.definitionHash
      : jobs.addDefinition(job.tenantId, { jobUid: job.uid, definition: { ...job.definition, params } });
