import { anyCase } from "../../json/json-pattern.ts";
import { nearestTo } from "../../spelling/edit-distance.ts";
import { type Parsed, fault, parsed } from "../fault.ts";

export const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** The words that `parseCalendarDay` reads, as patterns of JSON Schema. */
export const WEEKDAY_PATTERN = `^${anyCase(WEEKDAYS)}$`;
export const LAST_PATTERN = `^${anyCase(["last"])}$`;

export type CalendarInterval = "daily" | "weekly" | "monthly";

/** The day of a weekly (weekday) or monthly (day of the month) schedule; null for a daily one. */
export type CalendarDay = Weekday | number | "last" | null;

/** `at` is `HH:MM` or `HH:MM:SS`. */
export type CalendarTimes = { readonly interval: CalendarInterval; readonly at: string; readonly on: CalendarDay };

/**
 * Reads the `on` of an interval: a weekday for `weekly` (default Monday), 1 to 31 or `last` for `monthly` (default the
 * 1st), nothing for `daily`.
 */
export function parseCalendarDay(interval: CalendarInterval, on: string | number | null): Parsed<CalendarDay> {
  switch (interval) {
    case "daily":
      return on === null ? parsed(null) : fault("bad_schedule_on", `a daily schedule has no day: leave out on${orIntervalFor(on)}`);
    case "weekly": {
      const text = String(on ?? "monday").toLowerCase();
      const weekday = WEEKDAYS.find((name) => name === text);
      if (weekday !== undefined) return parsed(weekday);
      const meant = weekdayMeantBy(text);
      const remedy = meant === null ? `a weekly schedule runs on one of ${WEEKDAYS.join(", ")}` : `did you mean ${meant}?`;
      return fault("bad_schedule_on", `"${on}" is not a weekday: ${remedy}`);
    }
    case "monthly":
      if (on === null) return parsed(1);
      if (typeof on === "string" && on.toLowerCase() === "last") return parsed("last");
      return typeof on === "number" && Number.isInteger(on) && on >= 1 && on <= 31
        ? parsed(on)
        : fault(
            "bad_schedule_on",
            `${JSON.stringify(on)} is not a day of the month: a monthly schedule runs on a number from 1 to 31, or on "last"`,
          );
  }
}

/** The weekday that `mon`, `mondays` and `moday` mean. */
function weekdayMeantBy(text: string): string | null {
  const abbreviated = WEEKDAYS.filter((name) => text.length >= 3 && name.startsWith(text));
  const [meant, other] = abbreviated.length > 0 ? abbreviated : nearestTo(text, WEEKDAYS);
  return other === undefined ? (meant ?? null) : null;
}

/** The interval that has such days, if there is one. */
function orIntervalFor(on: string | number): string {
  const interval = (["weekly", "monthly"] as const).find((candidate) => parseCalendarDay(candidate, on).kind === "parsed");
  return interval === undefined ? "" : `, or use the interval ${interval}`;
}

/**
 * The cron line with the same instants: a calendar schedule names fixed times, so the line is a fixed one and the same
 * rule for gaps and folds holds. Day 31 skips shorter months, `last` (L) does not.
 */
export function calendarCron({ interval, at, on }: CalendarTimes): string {
  const [hour, minute, second = 0] = at.split(":").map(Number);
  const time = `${second} ${minute} ${hour}`;
  switch (interval) {
    case "daily":
      return `${time} * * *`;
    case "weekly":
      return `${time} * * ${WEEKDAYS.indexOf(on as Weekday)}`;
    case "monthly":
      return `${time} ${on === "last" ? "L" : on} * *`;
    default:
      throw new TypeError(`this version knows no interval ${JSON.stringify(interval satisfies never)}`);
  }
}
