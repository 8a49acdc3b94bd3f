import { z } from "zod";
import { LAST_PATTERN, WEEKDAY_PATTERN } from "../calendar/calendar.ts";
import { WALL_TIME_PATTERN } from "../calendar/iso-time.ts";
import { CronObject, EveryObject } from "./schedule-objects.ts";
import { InstantText, TimeOfDayField, ZoneField, ZoneText, boundsFields, scheduleText } from "./schedule-fields.ts";

/**
 * The objects that a schedule may be as the OpenAPI document has them: an object for each interval, and for both ways to write an instant.
 * They are read as one object each, which can report what is wrong with a day or a time zone at its own path.
 */
const calendar = (interval: "daily" | "weekly" | "monthly", on: z.ZodType) =>
  z.strictObject({ interval: z.literal(interval), at: TimeOfDayField, on, timezone: ZoneField, ...boundsFields });

const Daily = calendar("daily", z.null().default(null)).meta({
  title: "Every day",
  description: "Every day at a time of day.",
  example: { interval: "daily", at: "09:00", timezone: "Europe/Berlin" },
});

const Weekly = calendar(
  "weekly",
  scheduleText
    .meta({ pattern: WEEKDAY_PATTERN, description: "A weekday." })
    .nullable()
    .default(null)
    .meta({ description: "By default monday." }),
).meta({
  title: "Every week",
  description: "Every week on a day, at a time of day.",
  example: { interval: "weekly", at: "09:00", on: "monday", timezone: "Europe/Berlin" },
});

const Monthly = calendar(
  "monthly",
  z
    .union([z.int().min(1).max(31), scheduleText.meta({ pattern: LAST_PATTERN }), z.null()])
    .default(null)
    .meta({ description: "1 to 31, or last; by default 1. Shorter months skip a day they do not have." }),
).meta({
  title: "Every month",
  description: "Every month on a day, at a time of day.",
  example: { interval: "monthly", at: "18:00", on: "last", timezone: "Europe/Berlin" },
});

const Instant = z.strictObject({ at: InstantText, timezone: z.null().default(null), ...boundsFields }).meta({
  title: "Single instant",
  description: "Once.",
  example: { at: "2026-12-01T09:00:00Z" },
});

const LocalInstant = z
  .strictObject({
    at: scheduleText.meta({ pattern: WALL_TIME_PATTERN, description: "ISO 8601 without Z and offset.", examples: ["2026-12-01T09:00:00"] }),
    timezone: ZoneText,
    ...boundsFields,
  })
  .meta({
    title: "Single instant in a time zone",
    description: "Once, at a time on the clock of a time zone.",
    example: { at: "2026-12-01T09:00:00", timezone: "Europe/Berlin" },
  });

export const DOCUMENTED_OBJECTS = [CronObject, EveryObject, Daily, Weekly, Monthly, Instant, LocalInstant] as const;
