import { toIso, type Instant } from "@tickline/shared/domain/time/instant";
import type { JobDefinition } from "@tickline/shared/domain/job/job-definition";
import { MISSED_AFTER_MS } from "@tickline/shared/domain/policy/misfire";
import { nextInstant } from "@tickline/shared/domain/schedule/next-instant";
import { problem, type Problem } from "../problems/problem.ts";

/**
 * The instant after which a new schedule begins. A single instant that has just passed fires late, so the schedule begins before it, but
 * never before an instant that has already fired. An instant that a clock ahead of time has fired may be later than `now`; it is ignored.
 */
export function beginsAfter({ schedule }: Pick<JobDefinition, "schedule">, now: Instant, lastScheduledFor: Instant | null = null): Instant {
  const fired = lastScheduledFor === null || lastScheduledFor > now ? 0 : lastScheduledFor;
  return schedule.kind === "instant" ? Math.max(now - MISSED_AFTER_MS - 1, fired) : now;
}

/** The problem of a schedule without a future instant; null: it has one. */
export function neverFires({ schedule, anchorAt }: Pick<JobDefinition, "schedule" | "anchorAt">, after: Instant): Problem | null {
  if (nextInstant(schedule, { anchorAt, after }) !== null) return null;
  const pointer = schedule.kind === "instant" ? "/schedule/at" : "/schedule";
  const message =
    schedule.kind === "instant"
      ? `${toIso(schedule.at)} has passed: an instant may be at most ${MISSED_AFTER_MS / 1_000} seconds old`
      : `the schedule has no instant after ${toIso(after)}${schedule.endAt === null ? "" : `: it ends at ${toIso(schedule.endAt)}`}`;
  return problem("schedule_never_fires", message, { errors: [{ pointer, code: "schedule_never_fires", message }] });
}
