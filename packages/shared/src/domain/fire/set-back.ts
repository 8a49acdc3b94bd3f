import type { Instant } from "../time/instant.ts";
import type { Job } from "../job/job.ts";
import { nextInstant } from "../schedule/next-instant.ts";
import { STORE_TIME_DIFFERENCE_MS_MAX } from "../time/time-limits.ts";

/**
 * The cursor of a job compared with a clock that was set back. `ahead`: instants before its next one have not passed yet by this clock. The job
 * continues at `from`; if that is null, they are lost.
 */
export type StandingToClock = { readonly kind: "on_time" } | { readonly kind: "ahead"; readonly from: Instant | null };

export interface SetBackClock {
  readonly now: Instant;
  /** Runs that finished before this may be forgotten: see `Retention.forgotten`. */
  readonly runsForgotten: Instant;
  /** True: the clock was seen ahead before. False: it may have been right, and be behind now. */
  readonly wasAhead: boolean;
}

const ON_TIME: StandingToClock = { kind: "on_time" };

/**
 * A clock that was ahead has moved the cursor of a job past instants that are still to come: it fired them, recorded them as missed, or began
 * after them. The job goes back to the first of them. An instant that has its run already leads to the same run id, so it does not
 * run twice. That holds as long as the row is there, so the job never goes back before `runsForgotten`. If the clock is behind instead, every
 * instant since the job was written has its run; earlier ones belong to no run, and are left out. A job that counts its runs would
 * count these twice, so it continues after the last instant that was fired.
 */
export function standingToClock(job: Job, { now, runsForgotten, wasAhead }: SetBackClock): StandingToClock {
  const { schedule, anchorAt } = job.definition;
  const { nextRunAt, lastScheduledFor, updatedAt } = job;
  const firstAfter = (after: Instant): Instant | null => nextInstant(schedule, { anchorAt, after });
  // The clocks of two services differ a little, and the one that moved the cursor may have been right.
  const expected = nextRunAt === null ? null : firstAfter(now + STORE_TIME_DIFFERENCE_MS_MAX);
  if (nextRunAt === null || expected === null || expected >= nextRunAt) return ON_TIME;
  const counted = schedule.maxRuns === null ? now : (lastScheduledFor ?? now);
  const written = wasAhead ? now : updatedAt;
  const from = firstAfter(Math.max(now, runsForgotten - 1, counted, written));
  return { kind: "ahead", from: from !== null && from < nextRunAt ? from : null };
}
