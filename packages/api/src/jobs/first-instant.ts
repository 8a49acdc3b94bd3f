import { toIso, type Instant } from "@tickline/shared/domain/instant";
import type { JobDefinition } from "@tickline/shared/domain/job-definition";
import { MISSED_AFTER_MS } from "@tickline/shared/domain/misfire";
import { nextInstant } from "@tickline/shared/domain/schedule/next-instant";
import { problem, type Problem } from "../problems/problem.ts";

/**
 * The instant after which a new schedule begins. A single instant that has just passed simply fires late, so it begins
 * before it; but never at one that has fired already. What a clock that was ahead has fired may lie behind the new instant.
 */
export function beginsAfter({ schedule }: Pick<JobDefinition, "schedule">, now: Instant, lastScheduledFor: Instant | null = null): Instant {
  const fired = lastScheduledFor === null || lastScheduledFor > now ? 0 : lastScheduledFor;
  return schedule.kind === "instant" ? Math.max(now - MISSED_AFTER_MS - 1, fired) : now;
}

/** The problem of a schedule that never fires from now on; null: it does. */
export function neverFires({ schedule, anchorAt }: Pick<JobDefinition, "schedule" | "anchorAt">, after: Instant): Problem | null {
  if (nextInstant(schedule, { anchorAt, after }) !== null) return null;
  const pointer = schedule.kind === "instant" ? "/schedule/at" : "/schedule";
  const message =
    schedule.kind === "instant"
      ? `${toIso(schedule.at)} has passed: an instant may be at most ${MISSED_AFTER_MS / 1_000} seconds old`
      : `the schedule has no instant after ${toIso(after)}${schedule.endAt === null ? "" : `: it ends at ${toIso(schedule.endAt)}`}`;
  return problem("schedule_never_fires", message, { errors: [{ pointer, code: "schedule_never_fires", message }] });
}
