import type { Instant } from "../time/instant.ts";
import { calendarCron } from "./calendar/calendar.ts";
import { isFixedTime } from "./cron/cron-line.ts";
import { cronNotes } from "./cron/cron-notes.ts";
import { nextWallTime } from "./cron/cron-wall.ts";
import type { Schedule } from "./schedule.ts";
import { type WallTime, showWallClock, showWallDate } from "./zone/wall-time.ts";
import { type ClockSegment, segmentAt } from "./zone/zone-clock.ts";

/** Most notes about clock changes in one preview; a hundred yearly instants span two hundred changes. */
const CLOCK_NOTES_MAX = 5;

/** Notes about unexpected behaviour of a schedule, given some of its instants in order, as whole sentences without a full stop. */
export function scheduleNotes(schedule: Schedule, instants: readonly Instant[]): string[] {
  switch (schedule.kind) {
    case "every":
      return [];
    case "instant": {
      if (schedule.local === null) return [];
      const wall = Date.parse(`${schedule.local.at}Z`);
      const shows = (from: WallTime, to: WallTime): WallTime | null => (from <= wall && wall < to ? wall : null);
      return clockNotes({ timezone: schedule.local.timezone, fixed: true, shows }, [schedule.at]);
    }
    case "cron":
      return [...cronNotes(schedule.cron), ...zoneNotes(schedule), ...cronClockNotes(schedule, instants)];
    case "calendar": {
      const cron = calendarCron(schedule);
      const skips = schedule.interval === "monthly" && typeof schedule.on === "number" && schedule.on > 28;
      return [
        ...(skips ? [`months without a day ${schedule.on} are skipped; on "last" runs on the last day of every month`] : []),
        ...zoneNotes(schedule),
        ...cronClockNotes({ cron, timezone: schedule.timezone }, instants),
      ];
    }
  }
}

/** IANA names that people mistake for a zone with summer time. */
const WITHOUT_SUMMER_TIME: ReadonlyMap<string, string> = new Map([
  ["EST", "America/New_York"],
  ["MST", "America/Denver"],
]);

function zoneNotes({ timezone }: { readonly timezone: string }): string[] {
  const summer = WITHOUT_SUMMER_TIME.get(timezone.toUpperCase());
  return summer === undefined ? [] : [`${timezone} has no summer time: ${summer} has`];
}

function cronClockNotes({ cron, timezone }: { cron: string; timezone: string }, instants: readonly Instant[]): string[] {
  const shows = (from: WallTime, to: WallTime): WallTime | null => {
    const wall = nextWallTime(cron, from - 1);
    return wall !== null && wall < to ? wall : null;
  };
  return clockNotes({ timezone, fixed: isFixedTime(cron), shows }, instants);
}

/** `shows` returns the first wall-clock time of the schedule from `from` (inclusive) to `to` (exclusive). */
type Clock = { readonly timezone: string; readonly fixed: boolean; readonly shows: (from: WallTime, to: WallTime) => WallTime | null };

function clockNotes(clock: Clock, instants: readonly Instant[]): string[] {
  const [first, last] = [instants[0], instants.at(-1)];
  if (first === undefined || last === undefined) return [];
  const notes: string[] = [];
  // A fixed time that occurs twice fires before the change that the note is about. So the segment after the last instant is included.
  for (let before = segmentAt(clock.timezone, first - 1); before.from <= last && before.to < Infinity && notes.length < CLOCK_NOTES_MAX;) {
    const after = segmentAt(clock.timezone, before.to);
    const note = noteOfChange(clock, before, after);
    const runs = before.to <= last || last + before.offsetMs >= before.to + after.offsetMs;
    if (note !== null && runs) notes.push(note);
    before = after;
  }
  return notes;
}

function noteOfChange({ timezone, fixed, shows }: Clock, before: ClockSegment, after: ClockSegment): string | null {
  const [left, entered] = [before.to + before.offsetMs, after.from + after.offsetMs];
  const wall = shows(Math.min(left, entered), Math.max(left, entered));
  if (wall === null) return null;
  const [time, where] = [showWallClock(wall), `on ${showWallDate(wall)} in ${timezone}`];
  if (entered > left) return `${time} does not exist ${where}: ${fixed ? `runs at ${showWallClock(entered)}` : "does not run"}`;
  return `${time} comes twice ${where}: ${fixed ? "runs the first time" : "runs both times"}`;
}
