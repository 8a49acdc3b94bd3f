import type { Client } from "@tickline/shared/domain/run/cancel";
import type { Instant } from "@tickline/shared/domain/time/instant";
import type { Job } from "@tickline/shared/domain/job/job";
import { definitionHash, sameDefinition } from "@tickline/shared/domain/job/job-definition";
import { cursorAfterEdit } from "@tickline/shared/domain/fire/reschedule";
import { sameSchedule } from "@tickline/shared/domain/schedule/same-schedule";
import type { Schedule } from "@tickline/shared/domain/schedule/schedule";
import type { CancelOpenRequest } from "@tickline/shared/ports/runs/run-control";
import type { ApiContext } from "../api-context.ts";
import { invalidRequest, type Fault, type Problem } from "../problems/problem.ts";
import { changeJob, nextVersion, type ChangeRequest, type ChangeResult, type Decision } from "./change-job.ts";
import { beginsAfter, neverFires } from "./first-instant.ts";
import { toDefinition, inputFaults, type JobInput } from "./job-input.ts";
import { decidePause, decideResume } from "./pause-job.ts";

/**
 * An edit of the queue or handler cancels the runs that wait under the former one, which perhaps no executor serves any more. It does so
 * even if nothing changes, because the process of an earlier edit may have ended before it cancelled them.
 */
export async function editJob(context: ApiContext, client: Client, request: ChangeRequest): Promise<ChangeResult> {
  const result = await changeJob(context, request);
  if (result.kind === "changed" || result.kind === "kept") {
    const { queue, handler } = result.job.definition;
    await cancelWaitingRuns(context, result.job, { reason: "job_edited", client, keeping: { queue, handler } });
  }
  return result;
}

/**
 * Cancels the runs of a job that have not started or that wait for a retry. The loop ends: an edited job fires under its new definition,
 * so each round leaves fewer runs.
 */
async function cancelWaitingRuns(
  { control, time, notices, config }: ApiContext,
  { tenantId, uid }: Job,
  which: Pick<CancelOpenRequest, "reason" | "keeping" | "client">,
): Promise<void> {
  for (;;) {
    const ended = await control.cancelOpen(tenantId, { jobUid: uid, ...which, now: time.decide(), limit: config.cancelRunsMax });
    notices.runsEnded(ended);
    if (ended.length < config.cancelRunsMax) return;
  }
}

interface Replacement {
  readonly job: Job;
  readonly input: JobInput;
  readonly now: Instant;
}

export async function replaceDefinition(context: ApiContext, { job, input, now }: Replacement): Promise<Decision> {
  const faults = await inputFaults(context, input, job.definition);
  if (faults.length > 0) return invalidRequest(faults);
  const decision = await inWantedState(context, decideReplacement(context, { job, input, now }), { job, input, now });
  // An edit writes no definition that is equal to the stored one, so a damaged row would stay damaged.
  if (decision.kind === "change" && decision.next.definitionHash === job.definitionHash)
    await context.jobs.addDefinition(job.tenantId, { jobUid: job.uid, definition: decision.next.definition });
  return decision;
}

/** The same edit pauses or resumes the job if the input says so. */
async function inWantedState(context: ApiContext, decision: Decision, { job, input: { state }, now }: Replacement): Promise<Decision> {
  if (decision.kind === "problem" || state === undefined) return decision;
  const edited = decision.kind === "keep" ? job : decision.next;
  if (state === "finished") return job.state === "finished" ? decision : invalidRequest([NOT_FINISHED]);
  // Otherwise its next schedule would fire, although the request asked for a pause.
  if (state === "paused" && edited.state === "finished") return invalidRequest([NOT_PAUSED]);
  const moved = state === "paused" ? decidePause(edited, now) : await decideResume(context)(edited, now);
  if (moved.kind !== "change" || decision.kind === "keep") return moved.kind === "keep" ? decision : moved;
  return { ...moved, next: { ...moved.next, version: decision.next.version }, recordsPause: decision.recordsPause || moved.recordsPause };
}

export const NOT_FINISHED: Fault = {
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
  const definition = toDefinition(input, keepsAnchor(job.definition.schedule, input.schedule) ? job.definition.anchorAt : now);
  if (job.unreadable === undefined && sameDefinition(definition, job.definition)) return { kind: "keep" };
  const after = beginsAfter(definition, now, job.lastScheduledFor);
  const fault: Problem | null = sameTimes ? null : neverFires(definition, after);
  if (fault !== null) return fault;
  const cursor = cursorAfterEdit(job, definition, after);
  const next = nextVersion(job, { ...cursor, definition, definitionHash: definitionHash(digest, definition) }, now);
  return { kind: "change", next, says: "JobUpdated", recordsPause: !sameTimes };
}

/** An interval keeps its anchor unless the interval itself changes. A change of its end does not shift it. */
const keepsAnchor = (before: Schedule, after: Schedule): boolean => sameSchedule(unended(before), unended(after));
const unended = (schedule: Schedule): Schedule => ({ ...schedule, endAt: null, maxRuns: null });
