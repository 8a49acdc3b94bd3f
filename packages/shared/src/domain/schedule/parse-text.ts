import { DAY_NAMES } from "./cron-field.ts";
import { type Parsed, type ScheduleFault, fault, parsed } from "./fault.ts";
import { type Phrase, readPhrase } from "./phrase.ts";
import { parseSpokenTime } from "./time-of-day.ts";

/** The object that a short string stands for, still to be validated like any object. */
export type TextReading =
  | { readonly cron: string; readonly timezone?: string }
  | { readonly every: string }
  | {
      readonly interval: "daily" | "weekly" | "monthly";
      readonly at: string;
      readonly on: string | number | null;
      readonly timezone?: string;
    }
  | { readonly at: string; readonly timezone?: string };

const EXAMPLES = `"every 15m", "daily at 09:00", "every monday at 09:00 Europe/Berlin", "monthly on the last day at 18:00", "0 9 * * 1-5", "2026-12-01T09:00:00Z"`;

/** A zone at the end of a text: `UTC`, or a name with a slash before a letter (`MON-FRI/2` is none). */
const ZONE_AT_END = /^(.+?)\s+(?:in\s+)?(utc|gmt|[a-z_]+(?:\/[a-z][a-z0-9_+-]*)+)$/i;

/** After `in`, any last word is meant as a zone: `in Japan`. */
const IN_ZONE_AT_END = /^(.+?)\s+in\s+(\S+)$/i;

const CRON_LIKE = /^(?:@[a-z]+|[a-z?/,#-]*[\d*]\S* [a-z?/,#-]*[\d*]\S*(?: \S+){2,5})$/i;
const ISO_LIKE = /^\d{4}-\d{1,2}-\d{1,2}(?:[t\s].*)?$/i;

/**
 * Reads what a person types: `weekly`, `every 15m`, `every monday at 9am Europe/Berlin`, a cron line, an ISO instant. In
 * any case and with any blanks. Syntax only: whether a zone, a cron field or a duration is valid is for the object's
 * schema to say.
 */
export function parseScheduleText(text: string): Parsed<TextReading> {
  const line = text.trim().replace(/\s+/g, " ");
  if (line === "") return fault("bad_schedule_text", `the schedule is empty: write for example ${EXAMPLES}`);
  const [, beforeZone, timezone] = IN_ZONE_AT_END.exec(line) ?? ZONE_AT_END.exec(line) ?? [];
  const rest = beforeZone ?? line;
  const zone = timezone === undefined ? {} : { timezone };
  if (CRON_LIKE.test(rest)) return parsed({ cron: rest, ...zone });
  if (ISO_LIKE.test(rest)) return parsed({ at: rest.replace(" ", "T"), ...zone });
  const [, beforeTime, time] = /^(.+?) at (.+)$/i.exec(rest) ?? [];
  const phrase = readPhrase((beforeTime ?? rest).toLowerCase());
  if (phrase === null) return notUnderstood(text, beforeTime ?? rest);
  const at = parseSpokenTime(time ?? "00:00");
  if (at.kind === "fault") return at;
  return fromPhrase(phrase, { at: time === undefined ? null : at.value, zone });
}

function fromPhrase(phrase: Phrase, { at, zone }: { at: string | null; zone: { timezone?: string } }): Parsed<TextReading> {
  switch (phrase.kind) {
    case "every":
      if (at !== null)
        return fault(
          "bad_schedule_text",
          `"every ${phrase.every}" is a fixed interval and has no time of day: leave out "at ${at}", or say "daily at ${at}"`,
        );
      if (zone.timezone !== undefined)
        return fault("bad_schedule_text", `"every ${phrase.every}" is a fixed interval and has no time zone: leave out "${zone.timezone}"`);
      return parsed({ every: phrase.every });
    case "hourly":
      if (at !== null)
        return fault("bad_schedule_text", `"hourly" has no time of day: leave out "at ${at}", or write a cron line such as "30 * * * *"`);
      return parsed({ cron: "0 * * * *", ...zone });
    case "weekdays": {
      const [hour, minute, second] = (at ?? "00:00").split(":").map(Number);
      const days = phrase.days.length === 5 ? "1-5" : phrase.days.map((day) => DAY_NAMES[day]).join(",");
      return parsed({ cron: `${second === undefined ? "" : `${second} `}${minute} ${hour} * * ${days}`, ...zone });
    }
    case "calendar":
      return parsed({ interval: phrase.interval, at: at ?? "00:00", on: phrase.on, ...zone });
  }
}

const notUnderstood = (text: string, part: string): ScheduleFault =>
  fault("bad_schedule_text", `"${text}" is no schedule: "${part}" is not understood; write for example ${EXAMPLES}`);
