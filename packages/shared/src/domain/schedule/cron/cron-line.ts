import { BLANKS, anyCase, patternWithin } from "../../json/json-pattern.ts";
import { nearestTo } from "../../spelling/edit-distance.ts";
import { CRON_FIELDS } from "./cron-field.ts";
import { eventBridgeFields } from "./event-bridge.ts";
import { type Parsed, type ScheduleFault, fault, parsed } from "../fault.ts";
import { intervalMeantBy } from "./interval-meant.ts";
import { DASHES, QUOTES_PATTERN, STARS, plainLine } from "../plain-line.ts";
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

const FIELD = `[0-9A-Za-z?/,#${STARS}${DASHES}]+`;
/** Between two fields, or around a comma or dash within one. */
const APART = `(?:[ \\t]+(?:[${DASHES}][ \\t]+)?|,[ \\t]+)`;
const LINE = `${FIELD}(?:${APART}${FIELD})+`;

/** The form of the lines that `parseCron` reads, as a pattern of JSON Schema, which does not express the allowed values of each field. */
export const CRON_PATTERN = patternWithin(
  `${QUOTES_PATTERN}${BLANKS}(?:${anyCase([...NICKNAMES.keys()])}|${LINE}|${anyCase(["cron"])} ?\\(${BLANKS}${LINE}${BLANKS}\\))${BLANKS}${QUOTES_PATTERN}`,
);

/** Other names of lines; `@biweekly` is left out, because it may mean twice a week or every two weeks. */
const NICKNAMES_OF_OTHERS: ReadonlyMap<string, string> = new Map([
  ["@every_second", "* * * * * *"],
  ["@secondly", "* * * * * *"],
  ["@every_minute", "* * * * *"],
  ["@minutely", "* * * * *"],
  ["@noon", "0 12 * * *"],
  ["@weekdays", "0 0 * * 1-5"],
  ["@weekends", "0 0 * * 0,6"],
  ["@quarterly", "0 0 1 1,4,7,10 *"],
  ["@semiannually", "0 0 1 1,7 *"],
]);

/** A nickname that resembles another one but has another meaning. */
const MEANS_ANOTHER = /^@(?:bi|semi)/i;

/**
 * Reads a cron line of our dialect (docs/schedules.md): five fields, six with a leading second, seven with years that are
 * `*`, a nickname, or a line of EventBridge. The value has five or six fields with single blanks, which `nextWallTime`
 * evaluates; accepted forms otherwise stay as they were written. Reading a value again returns the same value.
 */
export function parseCron(text: string): Parsed<string> {
  const line = plainLine(text).replace(/, | - /g, (separator) => separator.trim());
  if (line.startsWith("@")) return parseNickname(line);
  const eventBridge = eventBridgeFields(line);
  if (eventBridge !== null) return parseEventBridge(line, eventBridge);
  const texts = line === "" ? [] : line.split(" ");
  return faultOfYears(line, texts) ?? faultOfCommand(line, texts) ?? parseCount(line, texts);
}

function parseCount(line: string, texts: readonly string[]): Parsed<string> {
  if (texts.length === 7 && ["*", "?"].includes(texts[6] ?? "")) return parseFields(texts.slice(0, 6));
  if (texts.length === 5 || texts.length === 6) return parseFields(texts);
  const whole = texts.length === 4 ? acceptedLine([...texts, "*"]) : null;
  if (whole !== null)
    return fault("bad_cron", `"${line}" has 4 fields, and a cron line has 5, the last for the day of week: write ${whole}`, [whole]);
  const count = `"${line}" has ${texts.length} field${texts.length === 1 ? "" : "s"}`;
  return fault(
    "bad_cron",
    `${count}: a cron line has 5 (minute, hour, day of month, month, day of week) or 6 (with a leading second); years are set by startAt and endAt`,
  );
}

function parseNickname(line: string): Parsed<string> {
  const written = NICKNAMES.get(line.toLowerCase());
  if (written !== undefined) return parsed(written);
  const problem = `"${line}" is not a nickname of a cron line`;
  const others = NICKNAMES_OF_OTHERS.get(line.toLowerCase());
  if (others !== undefined) return fault("bad_cron", `${problem}: write ${others}`, [others]);
  const [meant, other] = MEANS_ANOTHER.test(line) ? [] : nearestTo(line.toLowerCase(), NICKNAMES.keys());
  return meant === undefined || other !== undefined
    ? fault("bad_cron", `${problem}: use ${[...NICKNAMES.keys()].join(", ")}`)
    : fault("bad_cron", `${problem}: did you mean ${meant}?`, [meant]);
}

function parseFields(texts: readonly string[]): Parsed<string> {
  const read: string[] = [];
  for (const [i, field] of CRON_FIELDS.slice(-texts.length).entries()) {
    const text = readCronField(field, texts[i] ?? "");
    if (text.kind === "fault") return faultOfField(texts, i, text);
    read.push(text.value);
  }
  return parsed(read.join(" "));
}

/** A suggestion for a field becomes a line, which is suggested if it is accepted, or corrected further. */
function faultOfField(texts: readonly string[], i: number, { message, suggestions = [] }: ScheduleFault): ScheduleFault {
  const field = CRON_FIELDS.slice(-texts.length)[i];
  const fields = suggestions.filter((text) => typeof text === "string");
  const lines = fields.map((text) => acceptedLine(texts.with(i, text))).filter((line) => line !== null);
  const every = intervalMeantBy(texts, i);
  const problem = `cron field ${i + 1} (${field?.name}): ${message}${lines.length === 0 ? "" : `: write ${lines.join(" or ")}`}`;
  return every === null
    ? fault("bad_cron", problem, lines)
    : fault("bad_cron", `${problem}; every ${every} is a fixed interval: write {"every": "${every}"}`, [...lines, { every }]);
}

function acceptedLine(texts: readonly string[]): string | null {
  const read = parseFields(texts);
  if (read.kind === "parsed") return texts.join(" ");
  const [line] = read.suggestions ?? [];
  return typeof line === "string" ? line : null;
}

/** Fields with four-digit values are years; here years are bounds of the schedule. */
function faultOfYears(line: string, texts: readonly string[]): ScheduleFault | null {
  const years = texts.at(-1) ?? "";
  if ((texts.length !== 6 && texts.length !== 7) || !/^(?:\d{4}|\*\/\d)/.test(years) || (texts.length === 6 && years.startsWith("*")))
    return null;
  const fields = namedAsQuartz(texts.slice(0, -1));
  return yearsFault(`"${line}" restricts the years in its last field`, { years, texts: fields, rest: parseFields(fields) });
}

/** A line with years and `?` counts the days of the week as Quartz does. */
function namedAsQuartz(texts: readonly string[]): readonly string[] {
  const weekday = texts.at(-1) ?? "";
  const names = texts.at(-3) === "?" && countsWeekdays(weekday) ? namesOfQuartzDays(weekday) : null;
  return names === null ? texts : texts.with(-1, names);
}

/** A program or a comment, as in the tables of cron. */
const COMMAND = /^(?:\/[a-z]|#$|#[a-z])/i;

/** The fields and a command, which may follow a user name. */
function faultOfCommand(line: string, texts: readonly string[]): ScheduleFault | null {
  const at = texts.findIndex((text) => COMMAND.test(text));
  const count = [at, at - 1].find((fields) => (fields === 5 || fields === 6) && parseFields(texts.slice(0, fields)).kind === "parsed");
  if (count === undefined) return null;
  const cron = texts.slice(0, count).join(" ");
  return fault("bad_cron", `"${line}" has a command behind its fields: write ${cron}`, [cron]);
}

type Restricted = { readonly years: string; readonly texts: readonly string[]; readonly rest: Parsed<string> };

function yearsFault(problem: string, { years, texts, rest }: Restricted): ScheduleFault {
  const line = rest.kind === "parsed" ? texts.join(" ") : rest.suggestions?.find((suggestion) => typeof suggestion === "string");
  const remedy = `leave out ${years} and set startAt and endAt`;
  return line === undefined
    ? fault("bad_cron", `${problem}: ${remedy}`)
    : fault("bad_cron", `${problem}: ${remedy}: write ${line}`, [line]);
}

function parseEventBridge(line: string, texts: readonly string[]): Parsed<string> {
  const years = texts[5];
  if (years === undefined || texts.length > 6) {
    const form = `"${line}" has ${texts.length}: EventBridge's cron( ) has 6 fields (minute, hour, day of month, month, day of week, year)`;
    const ours = texts.length === 5 ? acceptedLine(texts) : null;
    return ours === null ? fault("bad_cron", form) : fault("bad_cron", `${form}; without cron( ) there are 5: write ${ours}`, [ours]);
  }
  const ours = texts.slice(0, 5);
  const read = parseCountedDays(line, ours);
  return years === "*" ? read : yearsFault(`"${line}" restricts the years as EventBridge does`, { years, texts: ours, rest: read });
}

/** The first five fields of EventBridge, whose days of the week are counted from 1. */
function parseCountedDays(line: string, texts: readonly string[]): Parsed<string> {
  const weekday = texts[4] ?? "";
  if (!countsWeekdays(weekday)) return parseFields(texts);
  const problem = `"${line}" counts days of the week from 1 (Sunday) as EventBridge does, and here 0 and 7 are Sunday`;
  const names = namesOfQuartzDays(weekday);
  const named = names === null ? null : parseFields(texts.with(4, names));
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
 * A line is *fixed* if neither second, minute nor hour has a wildcard, with or without a step: it names times of day, and each of
 * them fires once a day even if the clock skips or repeats it. Any other line follows the clock. A range with a step
 * names times too, as in Debian's cron: `57 2-23/24` is 2:57.
 */
export function isFixedTime(cron: string): boolean {
  const [second, minute, hour] = cronFields(cron);
  return !`${second} ${minute} ${hour}`.includes("*");
}

/** Day of month and day of week are both restricted: then a day has to match only one of them (OR). */
export function joinsDaysByOr(cron: string): boolean {
  const [, , , day, , weekday] = cronFields(cron);
  return !["*", "?"].includes(day) && !["*", "?"].includes(weekday);
}
