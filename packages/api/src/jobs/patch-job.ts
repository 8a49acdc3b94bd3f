import type { Client } from "@tickline/shared/domain/run/cancel";
import { DEFAULT_TENANT } from "@tickline/shared/domain/job/job";
import type { JsonObject } from "@tickline/shared/domain/json/json";
import { isStandIn } from "@tickline/shared/domain/job/stored-definition";
import type { ApiContext } from "../api-context.ts";
import { bodyRoute, noQuery, parseWith, type Route } from "../http/route.ts";
import { invalidRequest } from "../problems/problem.ts";
import { readCondition, type Condition } from "../request/conditions.ts";
import { showJob } from "../views/job-view.ts";
import { definitionUnreadable, jobNotFound, type ChangeResult } from "./change-job.ts";
import { readDetailJson } from "./get-job.ts";
import { answerChange, CONDITION_HEADERS, EDIT_PROBLEMS, isJobId, jobDocs, SHOWN_JOB } from "./job-answer.ts";
import { jobBodies, patchedBody, readOnlyFaults } from "./job-input.ts";
import { mergePatch } from "./merge-patch.ts";
import { editJob, replaceDefinition } from "./replace-job.ts";

/** `PATCH /jobs/:id` */
export const patchJobRoute = (context: ApiContext): Route =>
  bodyRoute({
    method: "patch",
    path: "/jobs/:id",
    query: noQuery,
    body: jobBodies(context).patch,
    docs: jobDocs({
      operationId: "patchJob",
      summary: "Change a job",
      description: "RFC 7396 merge patch. Read-only fields may be sent back unchanged; another value is refused.",
      headers: CONDITION_HEADERS,
      responses: { 200: SHOWN_JOB },
      problems: [...EDIT_PROBLEMS, "schedule_never_fires"],
    }),
    async handle({ id, body: patch, header, client }) {
      const condition = readCondition(header);
      if (condition.kind === "problem") return condition;
      if (!isJobId(id)) return jobNotFound(id);
      const request = { tenantId: DEFAULT_TENANT, jobId: id, patch, condition: condition.value, client: client() };
      return answerChange(id, await patchJob(context, request));
    },
  });

interface PatchRequest {
  readonly tenantId: string;
  readonly jobId: string;
  readonly patch: JsonObject;
  readonly condition: Condition;
  /** The sender: the edit may cancel runs, whose records name it. */
  readonly client: Client;
}

/** Applies a merge patch (RFC 7396) to the job as GET shows it. */
function patchJob(context: ApiContext, { tenantId, jobId, patch, condition, client }: PatchRequest): Promise<ChangeResult> {
  return editJob(context, client, {
    tenantId,
    jobId,
    condition,
    async decide(job, now) {
      if (isStandIn(job.definition)) return definitionUnreadable(job);
      const { state: _, ...shown } = showJob(job) as unknown as JsonObject;
      const input = parseWith(patchedBody(context, patch), mergePatch(shown, patch));
      const detail = asksOfDetail(patch) ? (JSON.parse(await readDetailJson(context, job)) as JsonObject) : shown;
      const faults = [...(input.kind === "faults" ? input.faults : []), ...readOnlyFaults(patch, detail)];
      return input.kind === "faults" || faults.length > 0
        ? invalidRequest(faults)
        : replaceDefinition(context, { job, input: input.value, now });
    },
  });
}

/** The fields that `GET` of one job shows and lists do not. */
const asksOfDetail = (patch: JsonObject): boolean => "upcoming" in patch || "recentRuns" in patch;
