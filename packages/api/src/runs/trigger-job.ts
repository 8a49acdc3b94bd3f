import type { Job } from "@tickline/shared/domain/job";
import type { JsonObject } from "@tickline/shared/domain/json";
import type { Run } from "@tickline/shared/domain/run";
import type { ApiContext } from "../api-context.ts";
import { invalidRequest, type Problem } from "../http/problem.ts";
import { isStandIn } from "@tickline/shared/domain/stored-definition";
import { unknownPolicyOf } from "@tickline/shared/domain/unknown-policy";
import { definitionUnreadable, jobNotFound, notEvaluated } from "../jobs/change-job.ts";
import { isExternal } from "../jobs/job-input.ts";
import { fireByHand } from "./fire-by-hand.ts";
import { stampOf } from "./request-stamp.ts";

export interface TriggerRequest {
  readonly tenantId: string;
  readonly jobId: string;
  /** Instead of the job's own; undefined: those. */
  readonly params: JsonObject | undefined;
  readonly key: string | null;
}

/** *Trigger now*: one run at the time of the request, also of a paused or finished job. */
export async function triggerJob(context: ApiContext, request: TriggerRequest): Promise<{ kind: "fired"; run: Run } | Problem> {
  const { tenantId, jobId, params, key } = request;
  const job = await context.jobs.get(tenantId, jobId);
  if (job === null) return jobNotFound(jobId);
  if (isStandIn(job.definition)) return definitionUnreadable(job);
  const policy = unknownPolicyOf(job.definition);
  if (policy !== null) return notEvaluated(job, policy);
  const checked = params !== undefined && !isExternal(context, job.definition.queue);
  const handler = !checked ? null : await context.knownHandlers.find(job.definition.handler);
  // A handler that nobody runs at present makes the run wait, as any other of this job would.
  const faults = !checked || handler === null ? [] : context.knownHandlers.checkParams(handler, params);
  if (faults.length > 0) return invalidRequest(faults);
  const stamp = await stampOf(context, { tenantId, scope: `trigger:${job.uid}`, key, asked: { params: params ?? null } });
  if (stamp.kind === "problem") return stamp;
  return fireByHand(context, job, { cause: "manual", ...stamp.value, retryOf: null, definitionOf: definitionFor(context, params) });
}

/** The job's own definition, or a row of its own that differs by its params. */
const definitionFor =
  ({ jobs }: ApiContext, params: JsonObject | undefined) =>
  (job: Job): string | Promise<string> =>
    params === undefined
      ? job.definitionHash
      : jobs.addDefinition(job.tenantId, { jobUid: job.uid, definition: { ...job.definition, params } });
