import type { Client } from "@tickline/shared/domain/run/cancel";
import type { Instant } from "@tickline/shared/domain/time/instant";
import { DEFAULT_TENANT, type Job } from "@tickline/shared/domain/job/job";
import type { ApiContext } from "../api-context.ts";
import { bodyRoute, noQuery, type Route } from "../http/route.ts";
import { invalidRequest, malformedId, problem } from "../problems/problem.ts";
import { meets, readCondition, type Condition } from "../request/conditions.ts";
import { versionMismatch, type ChangeResult, type Decision } from "./change-job.ts";
import { addJob } from "./create-job.ts";
import { answerJob, CONDITION_HEADERS, EDIT_PROBLEMS, isJobId, jobDocs, SHOWN_JOB } from "./job-answer.ts";
import { inputFaults, jobBodies, looseFaults, type JobInput } from "./job-input.ts";
import { editJob, NOT_FINISHED, replaceDefinition } from "./replace-job.ts";

/** `PUT /jobs/:id` */
export const putJobRoute = (context: ApiContext): Route =>
  bodyRoute({
    method: "put",
    path: "/jobs/:id",
    query: noQuery,
    body: { ...jobBodies(context).replace, also: (given) => looseFaults(context, given) },
    docs: jobDocs({
      operationId: "putJob",
      summary: "Create or replace a job",
      description:
        "Read-only fields are ignored, so that the answer of GET may be sent back. With the same schedule a fixed interval keeps its starting point.",
      headers: CONDITION_HEADERS,
      responses: { 200: SHOWN_JOB, 201: { ...SHOWN_JOB, headers: ["ETag", "Location"] } },
      problems: [...EDIT_PROBLEMS, "invalid_id", "schedule_never_fires"],
    }),
    async handle({ id, body: input, header, client }) {
      if (!isJobId(id)) return malformedId(id);
      const condition = readCondition(header);
      if (condition.kind === "problem") return condition;
      const request = { tenantId: DEFAULT_TENANT, jobId: id, input, condition: condition.value, client: client() };
      const result = await putJob(context, request);
      return result.kind === "problem" ? result : answerJob(result.job, result.kind === "created" ? 201 : 200);
    },
  });

interface PutRequest {
  readonly tenantId: string;
  readonly jobId: string;
  readonly input: JobInput;
  readonly condition: Condition;
  /** The sender: the edit may cancel runs, whose records name it. */
  readonly client: Client;
}

type PutResult = Exclude<ChangeResult, { kind: "missing" }> | { readonly kind: "created"; readonly job: Job };

/** Creates the job, or replaces its definition. A repeat changes nothing. */
async function putJob(context: ApiContext, { tenantId, jobId, input, condition, client }: PutRequest): Promise<PutResult> {
  for (let round = 0; round < context.config.changeRoundsMax; round += 1) {
    const decide = (job: Job, now: Instant): Promise<Decision> => replaceDefinition(context, { job, input, now });
    const changed = await editJob(context, client, { tenantId, jobId, condition, decide });
    if (changed.kind !== "missing") return changed;
    if (!meets(condition, null)) return versionMismatch(null);
    const faults = [...(await inputFaults(context, input, null)), ...(input.state === "finished" ? [NOT_FINISHED] : [])];
    if (faults.length > 0) return invalidRequest(faults);
    const added = await addJob(context, { tenantId, id: jobId, uid: context.entropy.newId(), input });
    if (added.kind !== "exists") return added;
  }
  return problem("edit_conflict", `job ${jobId} was created and deleted by other requests each time this request tried to write it`);
}
