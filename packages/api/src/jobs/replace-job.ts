import type { Client } from "@tickline/shared/domain/cancel";
import type { Instant } from "@tickline/shared/domain/instant";
import type { Job } from "@tickline/shared/domain/job";
import { definitionHash, sameDefinition } from "@tickline/shared/domain/job-definition";
import type { JsonObject } from "@tickline/shared/domain/json";
import { cursorAfterEdit } from "@tickline/shared/domain/reschedule";
import { sameSchedule } from "@tickline/shared/domain/schedule/same-schedule";
import type { Schedule } from "@tickline/shared/domain/schedule/schedule";
import type { ApiContext } from "../api-context.ts";
import { meets, type Condition } from "../http/conditions.ts";
import { invalidRequest, problem, type Fault, type Problem } from "../http/problem.ts";
import { parseWith } from "../http/route.ts";
import { RECENT_RUNS_SHOWN, showJob, showJobDetail, type JobDetailView } from "../views/job-view.ts";
import { isStandIn } from "@tickline/shared/domain/stored-definition";
import { cancelWaitingRuns } from "./cancel-waiting-runs.ts";
import {
  changeJob,
  definitionUnreadable,
  nextVersion,
  versionMismatch,
  type ChangeRequest,
  type ChangeResult,
  type Decision,
} from "./change-job.ts";
import { addJob } from "./create-job.ts";
import { beginsAfter, neverFires } from "./first-instant.ts";
import { definitionOf, inputFaults, patchedBody, readOnlyFaults, type JobInput } from "./job-input.ts";
import { mergePatch } from "./merge-patch.ts";
import { decidePause, decideResume } from "./pause-job.ts";

export interface PutRequest {
  readonly tenantId: string;
  readonly jobId: string;
  readonly input: JobInput;
  readonly condition: Condition;
  /** Who edits it: the edit may cancel runs. */
  readonly client: Client;
}

export type PutResult = Exclude<ChangeResult, { kind: "missing" }> | { readonly kind: "created"; readonly job: Job };

/** Makes the job be what the input says: creates it, or replaces its definition. Repeating it changes nothing. */
export async function putJob(context: ApiContext, { tenantId, jobId, input, condition, client }: PutRequest): Promise<PutResult> {
  for (let round = 0; round < context.config.changeRoundsMax; round += 1) {
    const decide = (job: Job, now: Instant): Promise<Decision> => replaceWith(context, { job, input, now });
    const changed = await editJob(context, client, { tenantId, jobId, condition, decide });
    if (changed.kind !== "missing") return changed;
    if (!meets(condition, null)) return versionMismatch(null);
    const faults = [...(await inputFaults(context, input, null)), ...(input.state === "finished" ? [NOT_FINISHED] : [])];
    if (faults.length > 0) return invalidRequest(faults);
    const added = await addJob(context, { tenantId, id: jobId, uid: context.entropy.newId(), input });
    if (added.kind !== "exists") return added;
  }
  return problem("edit_conflict", `job ${jobId} was created and deleted by others each time this request tried to`);
}

/** RFC 7396 on the job as GET shows it. */
export function patchJob(
  context: ApiContext,
  { tenantId, jobId, patch, condition, client }: Omit<PutRequest, "input"> & { readonly patch: JsonObject },
): Promise<ChangeResult> {
  return editJob(context, client, {
    tenantId,
    jobId,
    condition,
    async decide(job, now) {
      if (isStandIn(job.definition)) return definitionUnreadable(job);
      const { state: _, ...shown } = showJob(job) as unknown as JsonObject;
      const input = parseWith(patchedBody(context, patch), mergePatch(shown, patch));
      const detail = asksOfDetail(patch) ? ((await detailOf(context, job)) as unknown as JsonObject) : shown;
      const faults = [...(input.kind === "faults" ? input.faults : []), ...readOnlyFaults(patch, detail)];
      return input.kind === "faults" || faults.length > 0 ? invalidRequest(faults) : replaceWith(context, { job, input: input.value, now });
    },
  });
}

/** What `GET` of one job shows and lists do not. */
const asksOfDetail = (patch: JsonObject): boolean => "upcoming" in patch || "recentRuns" in patch;

async function detailOf({ runs }: ApiContext, job: Job): Promise<JobDetailView> {
  const recent = await runs.list(job.tenantId, { jobId: job.id, jobUid: job.uid, limit: RECENT_RUNS_SHOWN, cursor: null, outputs: false });
  return showJobDetail(job, recent.items);
}

/**
 * An edit of the queue or handler cancels the runs that wait under the former one, which perhaps no executor serves any more. It does so
 * as well when nothing changes: the process that made the edit may have ended before it came to this.
 */
async function editJob(context: ApiContext, client: Client, request: ChangeRequest): Promise<ChangeResult> {
  const result = await changeJob(context, request);
  if (result.kind === "changed" || result.kind === "kept") {
    const { queue, handler } = result.job.definition;
    await cancelWaitingRuns(context, result.job, { reason: "job_edited", client, keeping: { queue, handler } });
  }
  return result;
}

interface Replacement {
  readonly job: Job;
  readonly input: JobInput;
  readonly now: Instant;
}

async function replaceWith(context: ApiContext, { job, input, now }: Replacement): Promise<Decision> {
  const faults = await inputFaults(context, input, job.definition);
  if (faults.length > 0) return invalidRequest(faults);
  const decision = await inWantedState(context, decideReplacement(context, { job, input, now }), { job, input, now });
  // The very definition that was damaged is written by no edit, which would leave it as it is.
  if (decision.kind === "change" && decision.next.definitionHash === job.definitionHash)
    await context.jobs.addDefinition(job.tenantId, { jobUid: job.uid, definition: decision.next.definition });
  return decision;
}

/** The same edit pauses or resumes the job where the input says so. */
async function inWantedState(context: ApiContext, decision: Decision, { job, input: { state }, now }: Replacement): Promise<Decision> {
  if (decision.kind === "problem" || state === undefined) return decision;
  const edited = decision.kind === "keep" ? job : decision.next;
  if (state === "finished") return job.state === "finished" ? decision : invalidRequest([NOT_FINISHED]);
  // Else its next schedule would fire, although it was to be paused.
  if (state === "paused" && edited.state === "finished") return invalidRequest([NOT_PAUSED]);
  const moved = state === "paused" ? decidePause(edited, now) : await decideResume(context)(edited, now);
  if (moved.kind !== "change" || decision.kind === "keep") return moved.kind === "keep" ? decision : moved;
  return { ...moved, next: { ...moved.next, version: decision.next.version }, recordsPause: decision.recordsPause || moved.recordsPause };
}

const NOT_FINISHED: Fault = {
  pointer: "/state",
  code: "invalid_value",
  message: 'a job finishes when its schedule has no further instant: "state" may be set to "active" or "paused"',
};

const NOT_PAUSED: Fault = {
  pointer: "/state",
  code: "invalid_value",
  message: "the job has finished, so there is nothing to pause: give it another schedule at the same time",
};

function decideReplacement({ digest }: ApiContext, { job, input, now }: Replacement): Decision {
  const sameTimes = sameSchedule(job.definition.schedule, input.schedule);
  const definition = definitionOf(input, keepsAnchor(job.definition.schedule, input.schedule) ? job.definition.anchorAt : now);
  if (job.unreadable === undefined && sameDefinition(definition, job.definition)) return { kind: "keep" };
  const after = beginsAfter(definition, now, job.lastScheduledFor);
  const fault: Problem | null = sameTimes ? null : neverFires(definition, after);
  if (fault !== null) return fault;
  const cursor = cursorAfterEdit(job, definition, after);
  const next = nextVersion(job, { ...cursor, definition, definitionHash: definitionHash(digest, definition) }, now);
  return { kind: "change", next, says: "JobUpdated", recordsPause: !sameTimes };
}

/** An interval goes on counting from where it did, unless it is another: where it ends is no reason to shift it. */
const keepsAnchor = (before: Schedule, after: Schedule): boolean => sameSchedule(unended(before), unended(after));
const unended = (schedule: Schedule): Schedule => ({ ...schedule, endAt: null, maxRuns: null });
