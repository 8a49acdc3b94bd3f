import { WEEKDAYS, type Weekday } from "./calendar.ts";

/** What the part of a short string before `at` and the zone says. */
export type Phrase =
  | { readonly kind: "every"; readonly every: string }
  | { readonly kind: "hourly" }
  | { readonly kind: "yearly" }
  | { readonly kind: "calendar"; readonly interval: "daily" | "weekly" | "monthly"; readonly on: Weekday | number | "last" | null }
  /** Several days of the week: 0 is Sunday, in ascending order. */
  | { readonly kind: "weekdays"; readonly days: readonly number[] };

const UNITS: Readonly<Record<string, string>> = {
  millisecond: "ms",
  second: "s",
  sec: "s",
  minute: "m",
  min: "m",
  hour: "h",
  hr: "h",
  day: "d",
  week: "w",
};

const calendar = (interval: "daily" | "weekly" | "monthly", on: Weekday | number | "last" | null = null): Phrase => ({
  kind: "calendar",
  interval,
  on,
});

type Rule = readonly [RegExp, (match: RegExpExecArray) => Phrase | null];

const RULES: readonly Rule[] = [
  [/^hourly$/, () => ({ kind: "hourly" })],
  [/^(?:yearly|annually|every (?:1 )?year|each year)$/, () => ({ kind: "yearly" })],
  [/^(?:daily|every ?day|each day)$/, () => calendar("daily")],
  [/^(?:weekly|every week)$/, () => calendar("weekly")],
  [/^(?:monthly|every (?:1 )?month)$/, () => calendar("monthly")],
  [/^(?:weekly|every week)(?: on)? (?:an? |every )?([a-z]+)$/, ([, day]) => onWeekday(day)],
  [/^(?:monthly|every (?:1 )?month) on (?:the )?last(?: day)?$/, () => calendar("monthly", "last")],
  [/^(?:monthly|every (?:1 )?month) on (?:the |day )?(\d{1,2})(?:st|nd|rd|th)?$/, ([, day]) => calendar("monthly", Number(day))],
  [/^(?:every weekday|weekdays)$/, () => ({ kind: "weekdays", days: [1, 2, 3, 4, 5] })],
  [/^(?:every weekend|weekends)$/, () => ({ kind: "weekdays", days: [0, 6] })],
  [/^(?:every )?([a-z]+)(?: ?- ?| to )([a-z]+)$/, ([, first, last]) => fromDayToDay(first, last)],
  [/^every ([a-z]+)$/, ([, word = ""]) => (UNITS[word] === undefined ? onWeekday(word) : { kind: "every", every: `1${UNITS[word]}` })],
  [
    /^every (\d+) ?([a-z]+?)s?$/,
    ([, count, unit = ""]) => (UNITS[unit] === undefined ? null : { kind: "every", every: `${count}${UNITS[unit]}` }),
  ],
  [/^every ((?:\d+ ?(?:ms|[wdhms]) ?)+)$/, ([, duration = ""]) => ({ kind: "every", every: duration.replaceAll(" ", "") })],
  [/^every ([a-z]+(?:(?:, and |, ?| and )[a-z]+)+)$/, ([, days = ""]) => onWeekdays(days.split(/, and |, ?| and /))],
];

/** Reads a phrase in lower case with single blanks; null if it is not understood. */
export function readPhrase(phrase: string): Phrase | null {
  for (const [pattern, build] of RULES) {
    const match = pattern.exec(phrase);
    const read = match === null ? null : build(match);
    if (read !== null) return read;
  }
  return null;
}

function onWeekday(word = ""): Phrase | null {
  const day = weekdayOf(word);
  return day === null ? null : calendar("weekly", WEEKDAYS[day] ?? null);
}

function onWeekdays(words: readonly string[]): Phrase | null {
  const days = words.map(weekdayOf);
  const known = [...new Set(days.filter((day) => day !== null))].toSorted((a, b) => a - b);
  return days.includes(null) ? null : { kind: "weekdays", days: known };
}

/** `fri-mon`: Friday, Saturday, Sunday and Monday. */
function fromDayToDay(first = "", last = ""): Phrase | null {
  const [from, to] = [weekdayOf(first), weekdayOf(last)];
  if (from === null || to === null) return null;
  const days = Array.from({ length: ((to - from + 7) % 7) + 1 }, (_, i) => (from + i) % 7);
  return { kind: "weekdays", days: days.toSorted((a, b) => a - b) };
}

/** `monday`, `mondays`, and from three letters on what `monday` begins with: 1; null for other words. */
function weekdayOf(word: string): number | null {
  const day = WEEKDAYS.findIndex((name) => word === `${name}s` || (word.length >= 3 && name.startsWith(word)));
  return day === -1 ? null : day;
}
