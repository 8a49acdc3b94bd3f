import { DAY_OF_MONTH, DAY_OF_WEEK, MONTH } from "./cron-field.ts";
import { cronFields, joinsDaysByOr } from "./cron-line.ts";
import { cronValues } from "./cron-values.ts";
import { countsWeekdays, namesOfQuartzDays } from "./quartz-days.ts";

/** The shortest length of each month, January first. */
const DAYS_OF_MONTHS_MIN = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Notes about unexpected behaviour of a valid cron line, at any time. */
export function cronNotes(cron: string): string[] {
  const notes = [joinsDaysByOr(cron) ? OR_NOTE : null, quartzNote(cron), skipNote(cron)];
  return notes.filter((note) => note !== null);
}

const OR_NOTE = "day of month and day of week are joined by OR: it runs on every day that matches either of them";

/** A writer of `?` may know cron lines from Quartz, where Sunday is 1. */
function quartzNote(cron: string): string | null {
  const [, , , day, , weekday] = cronFields(cron);
  if (day !== "?" || !countsWeekdays(weekday)) return null;
  const names = namesOfQuartzDays(weekday);
  if (names !== null && sameDays(names, weekday)) return null;
  const remedy = names === null ? "name the days SUN to SAT to be sure" : `if ${weekday} is Quartz's, it is ${names} here`;
  return `days of the week are counted from 0 (Sunday), and in Quartz from 1: ${remedy}`;
}

function sameDays(a: string, b: string): boolean {
  const [left, right] = [cronValues(DAY_OF_WEEK, a), cronValues(DAY_OF_WEEK, b)];
  return left.size === right.size && [...left].every((value) => right.has(value));
}

function skipNote(cron: string): string | null {
  const [, , , day, months, weekday] = cronFields(cron);
  const days = [...cronValues(DAY_OF_MONTH, day)];
  if (weekday !== "*" && weekday !== "?") {
    const onlyFifth = (day === "*" || day === "?") && [...cronValues(DAY_OF_WEEK, weekday)].every((value) => value.endsWith("#5"));
    return onlyFifth ? `months without a day ${weekday} are skipped` : null;
  }
  const first = days.toSorted((a, b) => daysNeeded(a) - daysNeeded(b))[0] ?? "";
  const skips = [...cronValues(MONTH, months)].some((month) => daysNeeded(first) > (DAYS_OF_MONTHS_MIN[Number(month) - 1] ?? 31));
  return skips ? `months without a day ${first.replace(/W$/i, "")} are skipped; the day of month L is the last day of every month` : null;
}

/** The number of days that a month needs to have this day: 31, or 30 for `L-29`. */
function daysNeeded(day: string): number {
  if (!day.startsWith("L")) return Number.parseInt(day, 10);
  return Number.parseInt(day.slice(2), 10) + 1 || 1;
}
