import type { Instant } from "@tickline/shared/domain/instant";
import type { Job } from "@tickline/shared/domain/job";
import { cursorAfterResume } from "@tickline/shared/domain/reschedule";
import { nextVersion, type Decision } from "./change-job.ts";

/** A barrier: what was due has been fired by now, and nothing later will be. A job that does not fire stays as it is. */
export const decidePause = (job: Job, now: Instant): Decision =>
  job.state === "active"
    ? { kind: "change", next: nextVersion(job, { state: "paused" }, now), says: "JobUpdated", recordsPause: false }
    : { kind: "keep" };

/** Goes on from now; the pause itself goes into the history. */
export const decideResume = (job: Job, now: Instant): Decision =>
  job.state === "paused"
    ? { kind: "change", next: nextVersion(job, cursorAfterResume(job, now), now), says: "JobUpdated", recordsPause: true }
    : { kind: "keep" };
