import { z } from "zod";
import { type Instant, toIso } from "../../time/instant.ts";
import { parseCalendarDay } from "../calendar/calendar.ts";
import { type Parsed, fault, parsed } from "../fault.ts";
import { parseIsoTime } from "../calendar/iso-time.ts";
import { faultOfEmptyWindow } from "../never-fires.ts";
import { readText } from "../text/read-text.ts";
import type { CalendarSchedule, CronSchedule, EverySchedule, InstantSchedule, Schedule } from "../schedule.ts";
import {
  CronField,
  EveryField,
  TimeOfDayField,
  ZoneField,
  ZoneText,
  addFault,
  boundsFields,
  read,
  scheduleText,
} from "./schedule-fields.ts";
import { showWallTime } from "../zone/wall-time.ts";
import { parseZone } from "../zone/zone.ts";
import { instantOfWall } from "../zone/zone-clock.ts";

/** An object without other keys; the fault of an unknown key names it and the keys that exist. */
const closed = <Shape extends z.core.$ZodLooseShape>(kind: string, shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? `${kind} has no field ${issue.keys.map((key) => `"${key}"`).join(", ")}: it has ${Object.keys(shape).join(", ")}`
        : undefined,
  });

export const CronObject = closed("a cron schedule", { cron: CronField, timezone: ZoneField, ...boundsFields })
  .transform((fields): CronSchedule => ({ kind: "cron", ...fields }))
  .superRefine(checkBounds)
  .meta({
    title: "Cron",
    description: "When a cron line says, on the clock of a time zone.",
    example: { cron: "0 2 * * *", timezone: "Europe/Berlin" },
  });

export const EveryObject = closed("a fixed interval", { every: EveryField, ...boundsFields })
  .transform(({ every, ...bounds }): EverySchedule => ({ kind: "every", everyMs: every, ...bounds }))
  .superRefine(checkBounds)
  .meta({
    title: "Fixed interval",
    description: "Again and again, counted from startAt or from the creation of the job; never drifts.",
    example: { every: "15m" },
  });

/** `parseCalendarDay` checks whether the day fits the interval. */
const OnField = z
  .union([scheduleText, z.number(), z.null()], {
    error: 'on is a weekday such as "monday" (weekly), or a day of the month from 1 to 31 or "last" (monthly)',
  })
  .default(null);

/** Suggests the schedule for an interval that no calendar schedule has. */
function intervalMessage(interval: unknown): string {
  const read = readText(typeof interval === "string" ? interval.trim().toLowerCase() : "");
  const meant = read.kind === "parsed" ? [CronObject, EveryObject].some((kind) => kind.safeParse(read.value).success) : false;
  const instead = read.kind === "parsed" && meant ? `: write ${JSON.stringify(read.value)} for ${JSON.stringify(interval)}` : "";
  return `must be one of "daily", "weekly", "monthly"${instead}`;
}

export const CalendarObject = closed("an interval of the calendar", {
  interval: z.enum(["daily", "weekly", "monthly"], { error: ({ input }) => intervalMessage(input) }),
  at: TimeOfDayField,
  on: OnField,
  timezone: ZoneField,
  ...boundsFields,
})
  .transform(({ interval, at, on: day, timezone, ...bounds }, ctx): CalendarSchedule => {
    const on = parseCalendarDay(interval, day);
    if (on.kind === "parsed") return { kind: "calendar", interval, at, on: on.value, timezone, ...bounds };
    addFault(ctx, on, ["on"]);
    return z.NEVER;
  })
  .superRefine(checkBounds);

export const InstantObject = closed("a single instant", {
  at: scheduleText,
  timezone: ZoneText.nullable()
    .default(null)
    .transform((zone, ctx) => (zone === null ? null : read(parseZone)(zone, ctx))),
  ...boundsFields,
})
  .transform(({ at: text, timezone, ...bounds }, ctx): InstantSchedule => {
    const at = parseAt(text, timezone);
    if (at.kind === "parsed") return { kind: "instant", ...at.value, ...bounds };
    addFault(ctx, at, ["at"]);
    return z.NEVER;
  })
  .superRefine(checkBounds);

function parseAt(text: string, timezone: string | null): Parsed<{ at: Instant; local: InstantSchedule["local"] }> {
  const time = parseIsoTime(text);
  if (time.kind === "fault") return time;
  const { wall, offsetMs } = time.value;
  if (offsetMs !== null) {
    if (timezone !== null)
      return fault("bad_instant", `"${text}" names an offset and so does the timezone ${timezone}: leave one of them out`);
    return parsed({ at: wall - offsetMs, local: null });
  }
  if (timezone === null)
    return fault("bad_instant", `"${text}" names no offset: end it with Z (UTC) or an offset such as +01:00, or add a timezone`);
  return parsed({ at: instantOfWall(timezone, wall), local: { at: showWallTime(wall), timezone } });
}

/** A check of several fields: whether there is an instant between the bounds. */
function checkBounds(schedule: Schedule, ctx: z.RefinementCtx): void {
  const { startAt, endAt } = schedule;
  if (startAt !== null && endAt !== null && endAt <= startAt) {
    return addFault(ctx, fault("bad_schedule_window", `endAt ${toIso(endAt)} must be after startAt ${toIso(startAt)}`), ["endAt"]);
  }
  const empty = faultOfEmptyWindow(schedule);
  if (empty !== null) addFault(ctx, empty, [endAt === null ? "startAt" : "endAt"]);
}
