import { type Parsed, fault, parsed } from "./fault.ts";

export const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"] as const;
export type Weekday = (typeof WEEKDAYS)[number];

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
      return on === null
        ? parsed(null)
        : fault("bad_schedule_on", `a daily schedule has no day: leave out on, or use the interval weekly or monthly`);
    case "weekly": {
      const weekday = WEEKDAYS.find((name) => name === String(on ?? "monday").toLowerCase());
      return weekday === undefined
        ? fault("bad_schedule_on", `"${on}" is not a weekday: a weekly schedule runs on one of ${WEEKDAYS.join(", ")}`)
        : parsed(weekday);
    }
    case "monthly":
      if (on === null) return parsed(1);
      if (on === "last") return parsed("last");
      return typeof on === "number" && Number.isInteger(on) && on >= 1 && on <= 31
        ? parsed(on)
        : fault("bad_schedule_on", `"${on}" is not a day of the month: a monthly schedule runs on a number from 1 to 31, or on "last"`);
  }
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
