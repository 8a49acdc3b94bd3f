import { type Instant, toIso } from "../time/instant.ts";
import { cronFields } from "./cron/cron-line.ts";
import { nextWallTime } from "./cron/cron-wall.ts";
import { type ScheduleFault, fault } from "./fault.ts";
import { nextInstant } from "./next-instant.ts";
import type { Schedule } from "./schedule.ts";

const MONTHS = "January February March April May June July August September October November December".split(" ");
const DAYS_MAX = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Why a valid cron line matches no day of any year, or null if it matches one. */
export function faultOfImpossibleDays(cron: string): ScheduleFault | null {
  if (nextWallTime(cron, 0) !== null) return null;
  const [, , , day, month] = cronFields(cron);
  const months = MONTHS.flatMap((name, i) =>
    nextWallTime(`0 0 1 ${month} *`, Date.UTC(2000, i, 1) - 1) === Date.UTC(2000, i, 1) ? [{ name, number: i + 1 }] : [],
  );
  const [only] = months;
  if (months.length === 1 && only !== undefined && /^\d+$/.test(day)) {
    return fault("schedule_never_fires", `${day} ${only.name} never comes: the day of month ${day} does not exist in month ${only.number}`);
  }
  const names = months.map(({ name, number }) => `${name} (at most ${DAYS_MAX[number - 1]} days)`).join(", ");
  return fault("schedule_never_fires", `the day of month ${day} never comes in ${names}: no such day exists`);
}

/**
 * Why a schedule has no instant between its own `startAt` and `endAt`, or null if it has one, or if that depends on
 * when its job is created. Each field must be valid by itself.
 */
export function faultOfEmptyWindow(schedule: Schedule): ScheduleFault | null {
  const { startAt, endAt } = schedule;
  if (schedule.kind === "every" || (startAt === null && endAt === null)) return null; // startAt is the first instant of an interval.
  if (nextInstant(schedule, { anchorAt: 0, after: -1 }) !== null) return null;
  const open = { ...schedule, endAt: null };
  const next = nextInstant(open, { anchorAt: 0, after: -1 });
  const remedy = next === null ? "move startAt" : `its first instant is ${toIso(next)}`;
  return fault("schedule_never_fires", `no instant of this schedule lies ${windowText(startAt, endAt)}: ${remedy}`);
}

function windowText(startAt: Instant | null, endAt: Instant | null): string {
  if (startAt === null) return `up to endAt ${toIso(endAt ?? 0)}`;
  return endAt === null ? `from startAt ${toIso(startAt)} on` : `from startAt ${toIso(startAt)} to endAt ${toIso(endAt)}`;
}
