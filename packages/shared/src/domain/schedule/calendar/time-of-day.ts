import { BLANKS, anyCase, patternWithin } from "../../json/json-pattern.ts";
import { type Parsed, fault, parsed } from "../fault.ts";

const CLOCK = /^(\d{1,2}):(\d\d)(?::(\d\d))?$/;

const CLOCK_PATTERN = "(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?";
const TWELVE_HOURS_PATTERN = `(?:0?[1-9]|1[0-2])(?::[0-5][0-9])?${BLANKS}[AaPp]\\.?[Mm]\\.?`;

/** What `parseSpokenTime` reads, as a pattern of JSON Schema. */
export const TIME_OF_DAY_PATTERN = patternWithin([CLOCK_PATTERN, TWELVE_HOURS_PATTERN, anyCase(["noon", "midday", "midnight"])].join("|"));

/**
 * Reads `09:00`, `9:00` or `09:00:30` on the 24-hour clock. The value is `HH:MM`, with `:SS` only if it is not zero, so
 * that equal times are equal texts.
 */
export function parseTimeOfDay(text: string): Parsed<string> {
  const match = CLOCK.exec(text.trim());
  const [hour, minute, second] = [Number(match?.[1] ?? 99), Number(match?.[2]), Number(match?.[3] ?? 0)];
  if (match === null || hour > 23 || minute > 59 || second > 59) {
    return fault("bad_time_of_day", `"${text}" is not a time of day: write 00:00 to 23:59 such as 09:00, or with seconds 09:00:30`);
  }
  return parsed(clockText({ hour, minute, second }));
}

const TWELVE_HOURS = /^(\d{1,2})(?::(\d\d))?\s*([ap])\.?m\.?$/;

/** What a person types: `parseTimeOfDay` and `9am`, `5:30pm`, `noon`, `midnight` (the start of the day). */
export function parseSpokenTime(text: string): Parsed<string> {
  const spoken = text.trim().toLowerCase();
  if (spoken === "noon" || spoken === "midday") return parsed("12:00");
  if (spoken === "midnight") return parsed("00:00");
  const match = TWELVE_HOURS.exec(spoken);
  if (match === null) {
    const clock = parseTimeOfDay(text);
    return clock.kind === "fault" ? fault("bad_time_of_day", notSpoken(text)) : clock;
  }
  const [hour, minute] = [Number(match[1]), Number(match[2] ?? 0)];
  if (hour < 1 || hour > 12 || minute > 59) return fault("bad_time_of_day", notSpoken(text));
  return parsed(clockText({ hour: (hour % 12) + (match[3] === "p" ? 12 : 0), minute, second: 0 }));
}

const notSpoken = (text: string): string => `"${text}" is not a time of day: write 09:00, 17:30:15, 9am, 5:30pm, noon or midnight`;

const two = (n: number): string => String(n).padStart(2, "0");

const clockText = ({ hour, minute, second }: { hour: number; minute: number; second: number }): string =>
  `${two(hour)}:${two(minute)}${second === 0 ? "" : `:${two(second)}`}`;
