import { z } from "zod";
import { parseCron } from "./cron-line.ts";
import { parseDuration, showDuration } from "./duration.ts";
import { type Parsed, type ScheduleFault, fault } from "./fault.ts";
import { parseInstant } from "./iso-time.ts";
import { faultOfImpossibleDays } from "./never-fires.ts";
import { parseTimeOfDay } from "./time-of-day.ts";
import { parseZone } from "./zone.ts";

/** The longest text of any field, and of a short string: 200 characters. */
export const SCHEDULE_TEXT_MAX = 200;

/** The shortest fixed interval. Shorter ones are work for a loop inside a handler, not for durable runs. */
export const EVERY_MS_MIN = 100;

/** The longest fixed interval: 400 days, so that a year fits. Use a cron line for longer ones. */
export const EVERY_MS_MAX = 400 * 86_400_000;

/** Adds what is wrong to the issues that zod collects; the stable code goes into `params.code`. */
export const addFault = (ctx: z.RefinementCtx, { code, message }: ScheduleFault, path: readonly string[] = []): void =>
  ctx.addIssue({ code: "custom", message, path: [...path], params: { code } });

/** A zod transform out of a function that reads text. */
export const read =
  <In, Out>(parse: (input: In) => Parsed<Out>) =>
  (input: In, ctx: z.RefinementCtx): Out => {
    const result = parse(input);
    if (result.kind === "parsed") return result.value;
    addFault(ctx, result);
    return z.NEVER;
  };

const text = z.string().max(SCHEDULE_TEXT_MAX);

export const CronField = text
  .meta({
    description:
      "A cron line: minute, hour, day of month, month, day of week, optionally a leading second; or @hourly, @daily, @weekly, @monthly, @yearly.",
    examples: ["0 9 * * 1-5", "*/10 * * * * *", "0 18 L * *", "0 8 * * MON#1"],
  })
  .transform(read(parsePossibleCron));

export const ZoneField = text
  .nullable()
  .default("UTC")
  .meta({ description: "An IANA time zone.", examples: ["Europe/Berlin", "UTC"] })
  .transform(read((zone) => parseZone(zone ?? "UTC")));

export const EveryField = text
  .meta({ description: "A fixed interval of 100 ms to 400 days, in the units w d h m s ms.", examples: ["15m", "1h30m", "500ms", "1d"] })
  .transform(read(parseEvery));

export const TimeOfDayField = text
  .nullable()
  .default("00:00")
  .meta({ description: "The time of day, on the clock of the time zone.", examples: ["09:00", "09:00:30"] })
  .transform(read((at) => parseTimeOfDay(at ?? "00:00")));

const instantField = (description: string) =>
  text
    .nullable()
    .default(null)
    .meta({ description, examples: ["2026-12-01T09:00:00Z"] })
    .transform((at, ctx) => (at === null ? null : read(parseInstant)(at, ctx)));

/** The fields that every kind of schedule has. */
export const boundsFields = {
  startAt: instantField("No instant before this one (ISO 8601 with Z or an offset). A fixed interval is counted from here."),
  endAt: instantField("No instant after this one (ISO 8601 with Z or an offset)."),
  maxRuns: z.int().min(1).nullable().default(null).meta({ description: "How many scheduled runs there are at most." }),
};

function parsePossibleCron(line: string): Parsed<string> {
  const cron = parseCron(line);
  return cron.kind === "fault" ? cron : (faultOfImpossibleDays(cron.value) ?? cron);
}

function parseEvery(every: string): Parsed<number> {
  const ms = parseDuration(every);
  if (ms.kind === "fault") return ms;
  if (ms.value < EVERY_MS_MIN) return fault("bad_duration", `the interval "${every}" is too short: at least ${showDuration(EVERY_MS_MIN)}`);
  if (ms.value > EVERY_MS_MAX) return fault("bad_duration", `the interval "${every}" is too long: at most 400d; use a cron line instead`);
  return ms;
}
