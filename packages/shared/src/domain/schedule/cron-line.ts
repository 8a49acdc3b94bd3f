import { BLANKS, anyCase, patternWithin } from "../json-pattern.ts";
import { nearestTo } from "../edit-distance.ts";
import { CRON_FIELDS } from "./cron-field.ts";
import { eventBridgeFields } from "./event-bridge.ts";
import { type Parsed, type ScheduleFault, fault, parsed } from "./fault.ts";
import { countsWeekdays, namesOfQuartzDays } from "./quartz-days.ts";
import { readCronField } from "./read-cron-field.ts";

const NICKNAMES: ReadonlyMap<string, string> = new Map([
  ["@hourly", "0 * * * *"],
  ["@daily", "0 0 * * *"],
  ["@midnight", "0 0 * * *"],
  ["@weekly", "0 0 * * 0"],
  ["@monthly", "0 0 1 * *"],
  ["@yearly", "0 0 1 1 *"],
  ["@annually", "0 0 1 1 *"],
]);

const FIELD = "[0-9A-Za-z*?/,#-]+";

/** The form of the lines that `parseCron` reads, as a pattern of JSON Schema: what may stand in which field is beyond it. */
export const CRON_PATTERN = patternWithin(
  [
    anyCase([...NICKNAMES.keys()]),
    `${FIELD}(?:[ \\t]+${FIELD}){4,6}`,
    `${anyCase(["cron"])}\\(${BLANKS}${FIELD}(?:[ \\t]+${FIELD}){5}${BLANKS}\\)`,
  ].join("|"),
);

/**
 * Reads a cron line of our dialect (docs/schedules.md): five fields, six with a leading second, seven with years that are
 * `*`, a nickname, or a line of EventBridge. The value has five or six fields with single blanks, all of which croner
 * understands; what croner understands already is otherwise as it was written. A value reads back as itself.
 */
export function parseCron(text: string): Parsed<string> {
  const line = text.trim().replace(/\s+/g, " ");
  if (line.startsWith("@")) return parseNickname(line);
  const eventBridge = eventBridgeFields(line);
  if (eventBridge !== null) return parseEventBridge(line, eventBridge);
  const texts = line === "" ? [] : line.split(" ");
  const years = texts.at(-1) ?? "";
  if (texts.length === 7) return faultOfYears(line, years) ?? parseFields(texts.slice(0, 6));
  if (texts.length === 6 && /^\d{4}/.test(years)) return yearsFault(line, years);
  if (texts.length === 5 || texts.length === 6) return parseFields(texts);
  const count = `"${line}" has ${texts.length} field${texts.length === 1 ? "" : "s"}`;
  return fault(
    "bad_cron",
    `${count}: a cron line has 5 (minute, hour, day of month, month, day of week) or 6 (with a leading second); years are set by startAt and endAt`,
  );
}

function parseNickname(line: string): Parsed<string> {
  const written = NICKNAMES.get(line.toLowerCase());
  if (written !== undefined) return parsed(written);
  const [meant, other] = nearestTo(line.toLowerCase(), NICKNAMES.keys());
  const problem = `"${line}" is not a nickname of a cron line`;
  return meant === undefined || other !== undefined
    ? fault("bad_cron", `${problem}: use ${[...NICKNAMES.keys()].join(", ")}`)
    : fault("bad_cron", `${problem}: did you mean ${meant}?`, [meant]);
}

function parseFields(texts: readonly string[]): Parsed<string> {
  const read: string[] = [];
  for (const [i, field] of CRON_FIELDS.slice(-texts.length).entries()) {
    const text = readCronField(field, texts[i] ?? "");
    if (text.kind === "fault") return fault("bad_cron", `cron field ${i + 1} (${field.name}): ${text.message}`);
    read.push(text.value);
  }
  return parsed(read.join(" "));
}

/** Any year is every year; others are bounds of the schedule here. */
const faultOfYears = (line: string, years: string): ScheduleFault | null =>
  years === "*" || years === "?" ? null : yearsFault(line, years);

const yearsFault = (line: string, years: string): ScheduleFault =>
  fault("bad_cron", `"${line}" restricts the years in its last field: leave out ${years}, and set startAt and endAt`);

function parseEventBridge(line: string, texts: readonly string[]): Parsed<string> {
  const [minute, hour, day, month, weekday = "", years] = texts;
  if (years === undefined || texts.length > 6) {
    const form = "EventBridge's cron( ) has 6 fields (minute, hour, day of month, month, day of week, year)";
    return fault("bad_cron", `"${line}" has ${texts.length}: ${form}`);
  }
  if (years !== "*")
    return fault("bad_cron", `"${line}" restricts the years as EventBridge does: put * for ${years}, and set startAt and endAt`);
  if (!countsWeekdays(weekday)) return parseFields([minute, hour, day, month, weekday].map(String));
  const problem = `"${line}" counts days of the week from 1 (Sunday) as EventBridge does, and here 0 and 7 are Sunday`;
  const names = namesOfQuartzDays(weekday);
  const named = names === null ? null : parseFields([minute, hour, day, month, names].map(String));
  if (named?.kind === "fault") return named;
  return named === null
    ? fault("bad_cron", `${problem}: name them SUN to SAT`)
    : fault("bad_cron", `${problem}: write ${named.value}`, [named.value]);
}

/** The six fields of a valid line: second, minute, hour, day of month, month, day of week. */
export function cronFields(cron: string): readonly [string, string, string, string, string, string] {
  const texts = cron.split(" ");
  return (texts.length === 5 ? ["0", ...texts] : texts) as [string, string, string, string, string, string];
}

/**
 * A line is *fixed* if neither second, minute nor hour has a wildcard, be it with a step: it names times of day, and each of
 * them is kept once a day even where the clock skips or repeats it. Any other line follows the clock. A range with a step
 * names times too, as in Debian's cron: `57 2-23/24` is 2:57.
 */
export function isFixedTime(cron: string): boolean {
  const [second, minute, hour] = cronFields(cron);
  return !`${second} ${minute} ${hour}`.includes("*");
}

/** Day of month and day of week are both restricted: then either of them suffices (OR). */
export function joinsDaysByOr(cron: string): boolean {
  const [, , , day, , weekday] = cronFields(cron);
  return !["*", "?"].includes(day) && !["*", "?"].includes(weekday);
}
