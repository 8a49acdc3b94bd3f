import type { Instant } from "../time/instant.ts";
import type { CalendarTimes } from "./calendar/calendar.ts";

/** The bounds that any schedule may have; both instants are inclusive. */
export type ScheduleBounds = {
  readonly startAt: Instant | null;
  readonly endAt: Instant | null;
  /** The maximum number of instants that fire. The scheduler counts them; `nextInstant` does not know it. */
  readonly maxRuns: number | null;
};

/** A valid cron line with single blanks, in a valid zone. */
export type CronSchedule = { readonly kind: "cron"; readonly cron: string; readonly timezone: string } & ScheduleBounds;

/** A fixed interval, counted from `startAt` or, without one, from the anchor that the job keeps. */
export type EverySchedule = { readonly kind: "every"; readonly everyMs: number } & ScheduleBounds;

export type CalendarSchedule = { readonly kind: "calendar"; readonly timezone: string } & CalendarTimes & ScheduleBounds;

/**
 * One instant. `local` is the wall-clock time, if it was written as one; the instant was computed when the schedule
 * was accepted, and does not change.
 */
export type InstantSchedule = {
  readonly kind: "instant";
  readonly at: Instant;
  readonly local: { readonly at: string; readonly timezone: string } | null;
} & ScheduleBounds;

/** When a job fires: normalised (equal schedules have equal fields), plain JSON, made by `ScheduleInput` only. */
export type Schedule = CronSchedule | EverySchedule | CalendarSchedule | InstantSchedule;
