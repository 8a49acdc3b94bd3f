import type { Instant } from "@tickline/shared/domain/instant";
import type { Job } from "@tickline/shared/domain/job";
import { cursorAfterResume } from "@tickline/shared/domain/reschedule";
import { evaluationFault } from "@tickline/shared/domain/job-evaluation";
import type { ApiContext } from "../api-context.ts";
import { nextVersion, notEvaluated, type Decision } from "./change-job.ts";

/** A barrier: what was due has been fired by now, and nothing later will be. A job that does not fire stays as it is. */
export const decidePause = (job: Job, now: Instant): Decision =>
  job.state === "active"
    ? { kind: "change", next: nextVersion(job, { state: "paused" }, now), says: "JobUpdated", recordsPause: false }
    : { kind: "keep" };

/** Goes on from now; the pause itself goes into the history. */
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
