import type { Instant } from "@tickline/shared/domain/time/instant";
import { DEFAULT_TENANT, type Job } from "@tickline/shared/domain/job/job";
import { cursorAfterResume } from "@tickline/shared/domain/fire/reschedule";
import { evaluationFault } from "@tickline/shared/domain/job/job-evaluation";
import type { ApiContext } from "../api-context.ts";
import { bodyRoute, noBody, noQuery, type Route, type RouteDocs } from "../http/route.ts";
import { readCondition } from "../request/conditions.ts";
import { changeJob, jobNotFound, nextVersion, notEvaluated, type ChangeRequest, type Decision } from "./change-job.ts";
import { answerChange, CONDITION_HEADERS, EDIT_PROBLEMS, isJobId, jobDocs, SHOWN_JOB } from "./job-answer.ts";

/** `POST /jobs/:id/pause` */
export const pauseJobRoute = (context: ApiContext): Route =>
  stateRoute(context, {
    path: "/jobs/:id/pause",
    decide: decidePause,
    docs: {
      operationId: "pauseJob",
      summary: "Pause a job",
      description: "A barrier: after the answer no run of a later instant starts. Runs that are already due are not affected.",
    },
  });

/** `POST /jobs/:id/resume` */
export const resumeJobRoute = (context: ApiContext): Route =>
  stateRoute(context, {
    path: "/jobs/:id/resume",
    decide: decideResume(context),
    docs: {
      operationId: "resumeJob",
      summary: "Resume a job",
      description: "The job continues from now. The history records the instants of the pause as one skipped range.",
    },
  });

interface StateRoute {
  readonly path: string;
  readonly decide: ChangeRequest["decide"];
  readonly docs: Pick<RouteDocs, "operationId" | "summary" | "description">;
}

const stateRoute = (context: ApiContext, { path, decide, docs }: StateRoute): Route =>
  bodyRoute({
    method: "post",
    path,
    query: noQuery,
    body: noBody,
    docs: jobDocs({ ...docs, headers: CONDITION_HEADERS, responses: { 200: SHOWN_JOB }, problems: EDIT_PROBLEMS }),
    async handle({ id, header }) {
      const condition = readCondition(header);
      if (condition.kind === "problem") return condition;
      if (!isJobId(id)) return jobNotFound(id);
      return answerChange(id, await changeJob(context, { tenantId: DEFAULT_TENANT, jobId: id, condition: condition.value, decide }));
    },
  });

/** A barrier: due instants have been fired before, and no later instant will be. A job that is not active does not change. */
export const decidePause = (job: Job, now: Instant): Decision =>
  job.state === "active"
    ? { kind: "change", next: nextVersion(job, { state: "paused" }, now), says: "JobUpdated", recordsPause: false }
    : { kind: "keep" };

/** The job continues from now. The history records the pause. */
export const decideResume =
  ({ time, retention }: Pick<ApiContext, "time" | "retention">) =>
  async (job: Job, now: Instant): Promise<Decision> => {
    if (job.state !== "paused") return { kind: "keep" };
    const fault = evaluationFault(job);
    if (fault !== null) return notEvaluated(job, fault);
    const setBack = time.setBack();
    const clock = setBack === null ? null : { wasAhead: setBack.wasAhead, runsForgotten: (await retention.forgotten()).runs };
    const cursor = cursorAfterResume(job, now, clock);
    return { kind: "change", next: nextVersion(job, cursor, now), says: "JobUpdated", recordsPause: true };
  };
