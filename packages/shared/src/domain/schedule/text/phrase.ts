import { WEEKDAYS, type Weekday } from "../calendar/calendar.ts";
import { DAY_NAMES, MONTH, readFieldValue } from "../cron/cron-field.ts";
import { shortDuration } from "../interval/duration.ts";
import { parseMonths } from "../interval/months.ts";

/** The meaning of the part of a short string before `at` and the zone. */
export type Phrase =
  | { readonly kind: "every"; readonly every: string }
  | { readonly kind: "hourly" }
  | { readonly kind: "calendar"; readonly interval: "daily" | "weekly" | "monthly"; readonly on: Weekday | number | "last" | null }
  /** Days that no calendar interval can express, as the last three fields of a cron line. */
  | { readonly kind: "days"; readonly days: string }
  /** A number of months, which is not a fixed interval. */
  | { readonly kind: "months"; readonly months: number }
  /** A weekday of every `weeks` weeks: 0 is Sunday. */
  | { readonly kind: "weeks"; readonly weeks: string; readonly day: number };

const calendar = (interval: "daily" | "weekly" | "monthly", on: Weekday | number | "last" | null = null): Phrase => ({
  kind: "calendar",
  interval,
  on,
});

const daysPhrase = (days: string): Phrase => ({ kind: "days", days });

type Rule = readonly [RegExp, (match: RegExpExecArray) => Phrase | null];

const ON = "(?:(?:every |on )?(?:the )?)";
const OF_MONTH = "of (?:the |each |every )?month";
/** Between days of a list. */
const AND = /, and |, ?| and | ?& ?/;
const MONTHLY = "(?:monthly|every (?:1 )?month)";
const WORKDAY = "(?:week|work|working |business )day";
const DAY = "(\\d{1,2})(?:st|nd|rd|th)?";
const NTH = ["first|1st", "second|2nd", "third|3rd", "fourth|4th", "fifth|5th"].map((words) => words.split("|"));
const ORDINAL = `(${NTH.flat().join("|")}|last)`;

const RULES: readonly Rule[] = [
  [/^hourly$/, () => ({ kind: "hourly" })],
  [/^(?:yearly|annually|every (?:1 )?year)$/, () => daysPhrase("1 1 *")],
  [/^(?:quarterly|every (?:1 )?quarter)$/, () => daysPhrase("1 1,4,7,10 *")],
  [/^(?:semi-?annually|half-?yearly)$/, () => daysPhrase("1 1,7 *")],
  [/^(?:daily|every ?day)$/, () => calendar("daily")],
  [/^(?:weekly|every week)$/, () => calendar("weekly")],
  [rule(`${MONTHLY}`), () => calendar("monthly")],
  [/^(?:fortnightly|every fortnight)$/, () => ({ kind: "every", every: "2w" })],
  [/^every (?:other|second|2nd) (minute|hour|day|week)$/, ([, unit]) => everyDuration(`2 ${unit}s`)],
  [/^every (?:other|second|2nd) month$/, () => ({ kind: "months", months: 2 })],
  [/^every (?:other|2nd) ([a-z]+)$/, ([, day]) => onEachWeeks("2", day)],
  [/^every (\d+) weeks on (?:a |every )?([a-z]+)$/, ([, weeks, day]) => onEachWeeks(weeks, day)],
  [/^(?:fortnightly|bi-?weekly|every (?:fortnight|other week)) on (?:a |every )?([a-z]+)$/, ([, day]) => onEachWeeks("2", day)],
  [/^every half (?:an )?hour$/, () => everyDuration("30m")],
  [/^(?:weekly|every week)(?: on)? (?:an? |every )?([a-z]+)$/, ([, day]) => onWeekday(day)],
  [/^(?:every|on) ([a-z]+s)$/, ([, days]) => onWeekday(days)],
  [rule(`${MONTHLY} on (?:the )?last(?: day)?`), () => calendar("monthly", "last")],
  [rule(`${ON}last day ${OF_MONTH}`), () => calendar("monthly", "last")],
  [rule(`${MONTHLY} on (?:the )?first(?: day)?`), () => calendar("monthly", 1)],
  [rule(`${ON}first(?: day)? ${OF_MONTH}`), () => calendar("monthly", 1)],
  [rule(`${ON}first ${WORKDAY} ${OF_MONTH}|${MONTHLY} on (?:the )?first ${WORKDAY}`), () => daysPhrase("1W * *")],
  [rule(`${ON}last ${WORKDAY} ${OF_MONTH}|${MONTHLY} on (?:the )?last ${WORKDAY}`), () => daysPhrase("LW * *")],
  [rule(`${MONTHLY} on (?:the |day )?${DAY}`), ([, day]) => calendar("monthly", Number(day))],
  [rule(`${ON}${DAY}(?: day)? ${OF_MONTH}`), ([, day]) => calendar("monthly", Number(day))],
  [rule(`${MONTHLY} on (?:the )?(${DAY}(?:(?:, and |, ?| and )(?:the )?${DAY})+)`), ([, days]) => onDaysOfMonth(days)],
  [rule(`${MONTHLY} on (?:the )?${ORDINAL} ([a-z]+)`), ([, nth, day]) => onNthWeekday(nth, day)],
  [rule(`${ON}${ORDINAL} ([a-z]+) ${OF_MONTH}`), ([, nth, day]) => onNthWeekday(nth, day)],
  [/^every (first|1st|last) ([a-z]+)$/, ([, nth, day]) => onNthWeekday(nth, day)],
  [rule(`(?:yearly|annually|every year) on (?:the )?([a-z]+) ${DAY}`), ([, month, day]) => onDate(month, day)],
  [rule(`(?:yearly|annually|every year) on (?:the )?${DAY}(?: of)? ([a-z]+)`), ([, day, month]) => onDate(month, day)],
  [rule(`every ([a-z]+) ${DAY}`), ([, month, day]) => onDate(month, day)],
  [rule(`every ${DAY}(?: of)? ([a-z]+)`), ([, day, month]) => onDate(month, day)],
  [/^(?:every (?:week|work|working |business )day|(?:on )?(?:week|work|working |business )days)$/, () => daysPhrase("* * 1-5")],
  [/^(?:every weekend|(?:on )?weekends)$/, () => daysPhrase("* * SUN,SAT")],
  [/^every (.+)$/, ([, duration]) => everyDuration(duration)],
  [/^every ([a-z]+)$/, ([, day]) => onWeekday(day)],
  [/^(?:every |on )?([a-z]+\W.+)$/, ([, days = ""]) => onDays(days)],
  [/^(?:every )?(.+)$/, ([, months]) => everyMonths(months)],
];

/** A rule for whole phrases. */
function rule(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`);
}

/** Reads a phrase in lower case with single blanks; null if it is not understood. */
export function readPhrase(phrase: string): Phrase | null {
  const usual = phrase.replace(/^(?:each|once (?:an?|per|each|every)) /, "every ").replace(/^once (daily|weekly|monthly|yearly)$/, "$1");
  for (const [pattern, build] of RULES) {
    const match = pattern.exec(usual);
    const read = match === null ? null : build(match);
    if (read !== null) return read;
  }
  return null;
}

function everyDuration(duration = ""): Phrase | null {
  const every = shortDuration(duration);
  return every === null ? null : { kind: "every", every };
}

function everyMonths(text = ""): Phrase | null {
  const months = parseMonths(text);
  return months === null ? null : { kind: "months", months };
}

function onEachWeeks(weeks = "", word = ""): Phrase | null {
  const day = readWeekday(word);
  return day === null ? null : { kind: "weeks", weeks, day };
}

function onWeekday(word = ""): Phrase | null {
  const day = readWeekday(word);
  return day === null ? null : calendar("weekly", WEEKDAYS[day] ?? null);
}

/** `mon-wed and fri`: each of a list is a day or a range. */
function onDays(list: string): Phrase | null {
  const days = list.split(AND).map((part) => {
    const [, first = "", last = first] = /^([a-z]+)(?:(?: ?- ?|\.\.| to | through | thru )([a-z]+))?$/.exec(part) ?? [];
    return fromDayToDay(readWeekday(first), readWeekday(last));
  });
  const known = days.filter((those) => those !== null);
  return known.length < days.length ? null : onDaysOfWeek(known.flat());
}

/** `fri-mon`: Friday, Saturday, Sunday and Monday. */
function fromDayToDay(from: number | null, to: number | null): readonly number[] | null {
  if (from === null || to === null) return null;
  return Array.from({ length: ((to - from + 7) % 7) + 1 }, (_, i) => (from + i) % 7);
}

/** 0 is Sunday. */
function onDaysOfWeek(days: readonly number[]): Phrase {
  const sorted = [...new Set(days)].toSorted((a, b) => a - b);
  return daysPhrase(`* * ${sorted.join() === "1,2,3,4,5" ? "1-5" : sorted.map((day) => DAY_NAMES[day]).join(",")}`);
}

const onDaysOfMonth = (days = ""): Phrase => daysPhrase(`${(days.match(/\d+/g) ?? []).map(Number).join(",")} * *`);

/** `first monday`: `MON#1`. */
function onNthWeekday(nth = "", word = ""): Phrase | null {
  const day = readWeekday(word);
  if (day === null) return null;
  return daysPhrase(`* * ${DAY_NAMES[day]}${nth === "last" ? "L" : `#${NTH.findIndex((words) => words.includes(nth)) + 1}`}`);
}

/** `december`, `25`. */
function onDate(name = "", day = ""): Phrase | null {
  const month = readFieldValue(MONTH, name);
  return month === null ? null : daysPhrase(`${Number(day)} ${month} *`);
}

/** `monday`, `mondays`, and from three letters on what `monday` begins with: 1; null for other words. */
function readWeekday(word: string): number | null {
  const day = WEEKDAYS.findIndex((name) => word === `${name}s` || (word.length >= 3 && name.startsWith(word)));
  return day === -1 ? null : day;
}
