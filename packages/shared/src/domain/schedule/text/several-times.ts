import { CalendarObject } from "../input/schedule-objects.ts";
import { calendarCron } from "../calendar/calendar.ts";
import { cronFields } from "../cron/cron-line.ts";
import { readText } from "./read-text.ts";
import { parseSpokenTime } from "../calendar/time-of-day.ts";

/** The cron line of several times a day, `9:00 and 17:00`: none if they differ in more than the hour. */
export function severalTimes(days: string, times: string): string[] {
  const read = times.split(/, and |, ?| and /).map((time) => parseSpokenTime(time.replace(/^\d\d?$/, "$&:00")));
  const clocks = read.map((time) => (time.kind === "parsed" ? time.value.split(":").map(Number) : []));
  const [minute] = new Set(clocks.map(([, minutes = -1, seconds = 0]) => (seconds === 0 ? minutes : -1)));
  const same = clocks.every(([, minutes, seconds = 0]) => minutes === minute && seconds === 0);
  const dates = same ? cronDates(days) : null;
  return dates === null ? [] : [`${minute} ${clocks.map(([hour]) => hour).join(",")} ${dates}`];
}

/** The last three fields of the cron line for some days. */
export function cronDates(days: string): string | null {
  const reading = readText(`${days} at 00:00`);
  if (reading.kind === "fault") return null;
  if ("cron" in reading.value) return reading.value.cron.split(" ").slice(2).join(" ");
  const calendar = CalendarObject.safeParse(reading.value);
  return calendar.success ? cronFields(calendarCron(calendar.data)).slice(3).join(" ") : null;
}
