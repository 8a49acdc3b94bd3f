import { z } from "zod";
import { CRON_PATTERN } from "../cron/cron-line.ts";
import { DURATION_PATTERN } from "../interval/duration.ts";
import { parseEvery } from "../interval/every.ts";
import { type Parsed, type ScheduleFault, fault } from "../fault.ts";
import { INSTANT_PATTERN, parseInstant } from "../calendar/iso-time.ts";
import { parsePossibleCron } from "./possible-cron.ts";
import { TIME_OF_DAY_PATTERN, parseSpokenTime } from "../calendar/time-of-day.ts";
import { ZONE_PATTERN, parseZone } from "../zone/zone.ts";

/** The longest text of any field, and of a short string: 200 characters. */
export const SCHEDULE_TEXT_MAX = 200;

/** Adds what is wrong to the issues that zod collects; the stable code goes into `params.code`, what to write instead into `params.suggestions`. */
export const addFault = (ctx: z.RefinementCtx, { code, message, suggestions = [] }: ScheduleFault, path: readonly string[] = []): void =>
  ctx.addIssue({ code: "custom", message, path: [...path], params: { code, suggestions } });

/** Makes a zod transform from a function that reads text. */
export const read =
  <In, Out>(parse: (input: In) => Parsed<Out>) =>
  (input: In, ctx: z.RefinementCtx): Out => {
    const result = parse(input);
    if (result.kind === "parsed") return result.value;
    addFault(ctx, result);
    return z.NEVER;
  };

export const scheduleText = z.string().max(SCHEDULE_TEXT_MAX);

/** An instant as requests write it. The patterns here are for the documentation: the messages of the parser are better. */
export const InstantText = scheduleText.meta({
  id: "InstantText",
  pattern: INSTANT_PATTERN,
  description: "An instant: ISO 8601 with Z or an offset.",
});

/** The `format` of texts that a pattern can describe only in part: docs/api.md. */
export const ZoneText = scheduleText.meta({
  id: "TimeZone",
  pattern: ZONE_PATTERN,
  format: "time-zone",
  description: "An IANA time zone, in any case.",
});

export const CronField = scheduleText
  .meta({
    pattern: CRON_PATTERN,
    format: "cron",
    description:
      "A cron line: minute, hour, day of month, month, day of week, optionally a leading second; or @hourly, @daily, @weekly, @monthly, @yearly.",
    examples: ["0 9 * * 1-5", "*/10 * * * * *", "0 18 L * *", "0 8 * * MON#1"],
  })
  .transform(read(parseCronField));

export const ZoneField = ZoneText.nullable()
  .default("UTC")
  .meta({ description: "An IANA time zone.", examples: ["Europe/Berlin", "UTC"] })
  .transform(read((zone) => parseZone(zone ?? "UTC")));

export const EveryField = z
  .string({ error: ({ input }) => (typeof input === "number" ? 'must be a string with a unit, such as "15m"' : undefined) })
  .max(SCHEDULE_TEXT_MAX)
  .meta({
    pattern: DURATION_PATTERN,
    format: "interval",
    description: "A fixed interval of 100 ms to 400 days, in the units w d h m s ms.",
    examples: ["15m", "1h30m", "500ms", "1d"],
  })
  .transform(read(parseEvery));

export const TimeOfDayField = scheduleText
  .meta({ pattern: TIME_OF_DAY_PATTERN })
  .nullable()
  .default("00:00")
  .meta({ description: "The time of day, on the clock of the time zone.", examples: ["09:00", "09:00:30"] })
  .transform(read((at) => parseSpokenTime(at ?? "00:00")));

const instantField = (description: string, example: string) =>
  InstantText.nullable()
    .default(null)
    .meta({ description, examples: [example] })
    .transform((at, ctx) => (at === null ? null : read(parseInstant)(at, ctx)));

/** The fields that every kind of schedule has. */
export const boundsFields = {
  startAt: instantField(
    "No instant before this one (ISO 8601 with Z or an offset). A fixed interval is counted from here.",
    "2026-12-01T09:00:00Z",
  ),
  endAt: instantField("No instant after this one (ISO 8601 with Z or an offset).", "2027-12-01T09:00:00Z"),
  maxRuns: z.int().min(1).nullable().default(null).meta({ description: "How many scheduled runs there are at most." }),
};

/** A client may send back the line of an answer. So a line that becomes longer when it is read must not exceed the limit of texts. */
function parseCronField(line: string): Parsed<string> {
  const cron = parsePossibleCron(line);
  if (cron.kind === "fault" || cron.value.length <= SCHEDULE_TEXT_MAX) return cron;
  return fault("bad_cron", `the line has ${cron.value.length} characters with its ranges in full: at most ${SCHEDULE_TEXT_MAX}`);
}
