import { scheduledEntry, type FireEntry } from "./fire.ts";
import type { Instant } from "../time/instant.ts";
import { pickCursor, type Job, type ScheduleCursor } from "../job/job.ts";
import type { JobDefinition } from "../job/job-definition.ts";
import type { Schedule } from "../schedule/schedule.ts";
import { countInstants, lastInstantIn } from "../schedule/instant-range.ts";
import { nextInstant } from "../schedule/next-instant.ts";
import { sameSchedule } from "../schedule/same-schedule.ts";
import { standingToClock, type SetBackClock } from "./set-back.ts";

/** Instants of a pause that are counted one by one, some 30 ms of work; the record of a longer pause has at least this many. */
export const PAUSED_INSTANTS_MAX = 10_000;

/** The first cursor of a new job: its first instant after `now`, or an instant given that is not older than what simply fires late. */
export const firstCursor = (definition: JobDefinition, after: Instant): ScheduleCursor => {
  const nextRunAt = nextInstant(definition.schedule, { anchorAt: definition.anchorAt, after });
  return { nextRunAt, lastScheduledFor: null, firedCount: 0, misfires: null, state: nextRunAt === null ? "finished" : "active" };
};

/**
 * The cursor of a job after an edit. The old definition has accounted for every instant up to `now`. The
 * same schedule keeps its cursor. A change of `maxRuns` alone keeps the count of fires; any other schedule starts anew.
 */
export function cursorAfterEdit(job: Job, definition: JobDefinition, now: Instant): ScheduleCursor {
  const { firedCount, state } = job;
  if (sameSchedule(job.definition.schedule, definition.schedule)) return pickCursor(job);
  const countsOn = sameSchedule({ ...job.definition.schedule, maxRuns: null }, { ...definition.schedule, maxRuns: null });
  const first = firstCursor(definition, now);
  const fired = countsOn ? firedCount : 0;
  const next = usedUp(definition.schedule, fired) ? null : first.nextRunAt;
  return {
    ...pickCursor(job),
    nextRunAt: next,
    firedCount: fired,
    state: next === null ? "finished" : state === "paused" ? "paused" : "active",
  };
}

const usedUp = ({ maxRuns }: Schedule, firedCount: number): boolean => maxRuns !== null && firedCount >= maxRuns;

/**
 * Resume starts from now: the instants of the pause do not fire. Without a run left it finishes the job. A next instant that
 * only a clock that was ahead can have set is dropped when `setBack` is given. For jobs without an `evaluationFault`.
 */
export function cursorAfterResume(job: Job, now: Instant, setBack: Omit<SetBackClock, "now"> | null = null): ScheduleCursor {
  const nextRunAt = instantAfterPause(job, now, setBack);
  return { ...pickCursor(job), nextRunAt, state: nextRunAt === null ? "finished" : "active" };
}

function instantAfterPause(job: Job, now: Instant, setBack: Omit<SetBackClock, "now"> | null): Instant | null {
  const { definition, nextRunAt, firedCount } = job;
  const { schedule, anchorAt } = definition;
  if (usedUp(schedule, firedCount)) return null;
  if (nextRunAt === null || nextRunAt <= now) return nextInstant(schedule, { anchorAt, after: now });
  if (setBack === null) return nextRunAt;
  const standing = standingToClock(job, { now, ...setBack });
  return standing.kind === "ahead" ? (standing.from ?? nextRunAt) : nextRunAt;
}

/**
 * The record of a pause: the instants that passed meanwhile, as one range. Null: none passed. The range always reaches to
 * the last of them; its count is exact up to `PAUSED_INSTANTS_MAX`, and for fixed intervals however many there were. For
 * jobs without an `evaluationFault`.
 */
export function pausedRange(job: Job, now: Instant): FireEntry | null {
  if (job.state !== "paused" || job.nextRunAt === null || job.nextRunAt > now) return null;
  const { schedule, anchorAt } = job.definition;
  if (usedUp(schedule, job.firedCount)) return null; // They would not have fired without the pause either.
  const range = { anchorAt, after: job.nextRunAt - 1, until: now };
  const countMax = schedule.kind === "every" ? Number.MAX_SAFE_INTEGER : PAUSED_INSTANTS_MAX;
  const { count } = countInstants(schedule, { ...range, countMax });
  return {
    ...scheduledEntry(job, job.nextRunAt),
    count: Math.max(1, count),
    scheduledForLast: count > 1 ? lastInstantIn(schedule, range) : null,
    state: "skipped",
    reason: "paused",
  };
}

/**
 * The record of the passed instants of a job that cannot be evaluated, when an edit or its end moves on. It begins
 * with the first instant not accounted for. The later ones cannot be counted, so it stands for all of them. Null: that instant
 * has not come. `definitionHash`: a definition that can be read.
 */
export function uncountedRange(job: Job, now: Instant, definitionHash: string): FireEntry | null {
  const { state, nextRunAt, misfires } = job;
  if ((state !== "active" && state !== "paused") || nextRunAt === null || nextRunAt > now) return null;
  return {
    ...scheduledEntry({ definitionHash }, misfires?.first ?? nextRunAt),
    count: (misfires?.count ?? 0) + 1,
    scheduledForLast: misfires === null ? null : nextRunAt,
    ...(state === "paused" ? ({ state: "skipped", reason: "paused" } as const) : ({ state: "missed", reason: "not_evaluated" } as const)),
  };
}
