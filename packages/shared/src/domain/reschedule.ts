import type { FireEntry } from "./fire.ts";
import type { Instant } from "./instant.ts";
import type { Job, ScheduleCursor } from "./job.ts";
import type { JobDefinition } from "./job-definition.ts";
import { nextInstant } from "./schedule/next-instant.ts";
import { sameSchedule } from "./schedule/same-schedule.ts";

/** Instants of a pause that are counted one by one; a longer pause says this number, and ends at the last one counted. */
export const PAUSED_INSTANTS_MAX = 1_000;

/** Where a new job begins: its first instant after `now`, or an instant given that is not older than what simply fires late. */
export const firstCursor = (definition: JobDefinition, after: Instant): ScheduleCursor => {
  const nextRunAt = nextInstant(definition.schedule, { anchorAt: definition.anchorAt, after });
  return { nextRunAt, lastScheduledFor: null, firedCount: 0, misfires: null, state: nextRunAt === null ? "finished" : "active" };
};

/**
 * Where a job goes on after an edit, every instant up to `now` having been accounted for by the old definition. The
 * same schedule keeps its cursor. A change of `maxRuns` alone keeps the count of fires; any other schedule starts anew.
 */
export function cursorAfterEdit(job: Job, definition: JobDefinition, now: Instant): ScheduleCursor {
  const { nextRunAt, lastScheduledFor, firedCount, misfires, state } = job;
  if (sameSchedule(job.definition.schedule, definition.schedule)) return { nextRunAt, lastScheduledFor, firedCount, misfires, state };
  const countsOn = sameSchedule({ ...job.definition.schedule, maxRuns: null }, { ...definition.schedule, maxRuns: null });
  const first = firstCursor(definition, now);
  const fired = countsOn ? firedCount : 0;
  const usedUp = definition.schedule.maxRuns !== null && fired >= definition.schedule.maxRuns;
  const next = usedUp ? null : first.nextRunAt;
  return {
    nextRunAt: next,
    lastScheduledFor,
    firedCount: fired,
    misfires,
    state: next === null ? "finished" : state === "paused" ? "paused" : "active",
  };
}

/** Resume starts from now: the instants of the pause are not made up for. */
export function cursorAfterResume(job: Job, now: Instant): ScheduleCursor {
  const nextRunAt =
    job.nextRunAt !== null && job.nextRunAt > now
      ? job.nextRunAt
      : nextInstant(job.definition.schedule, { anchorAt: job.definition.anchorAt, after: now });
  return {
    nextRunAt,
    lastScheduledFor: job.lastScheduledFor,
    firedCount: job.firedCount,
    misfires: job.misfires,
    state: nextRunAt === null ? "finished" : "active",
  };
}

/** The record of a pause: the instants that passed meanwhile, as one counted range. Null: none passed. */
export function pausedRange(job: Job, now: Instant): FireEntry | null {
  if (job.state !== "paused" || job.nextRunAt === null || job.nextRunAt > now) return null;
  const { schedule, anchorAt } = job.definition;
  let count = 1;
  let last: Instant = job.nextRunAt;
  while (count < PAUSED_INSTANTS_MAX) {
    const next = nextInstant(schedule, { anchorAt, after: last });
    if (next === null || next > now) break;
    last = next;
    count += 1;
  }
  return {
    cause: "schedule",
    scheduledFor: job.nextRunAt,
    count,
    scheduledForLast: count > 1 ? last : null,
    state: "skipped",
    reason: "paused",
    key: null,
    definitionHash: job.definitionHash,
    retryOf: null,
  };
}
