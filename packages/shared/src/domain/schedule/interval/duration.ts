import { BLANKS, anyCase, patternWithin } from "../../json/json-pattern.ts";
import { type Parsed, fault, parsed } from "../fault.ts";
import { NUMBER_WORDS, countedInDigits } from "./number-words.ts";

/** The larger units first; each with its words. */
const UNITS = [
  { unit: "w", ms: 7 * 86_400_000, words: "week weeks" },
  { unit: "d", ms: 86_400_000, words: "day days" },
  { unit: "h", ms: 3_600_000, words: "hour hours hr hrs" },
  { unit: "m", ms: 60_000, words: "minute minutes min mins" },
  { unit: "s", ms: 1_000, words: "second seconds sec secs" },
  { unit: "ms", ms: 1, words: "millisecond milliseconds msec msecs" },
] as const;

type Unit = (typeof UNITS)[number]["unit"];

const MS_OF = Object.fromEntries(UNITS.map(({ unit, ms }) => [unit, ms])) as Readonly<Record<Unit, number>>;

const UNIT_OF: ReadonlyMap<string, Unit> = new Map(
  UNITS.flatMap(({ unit, words }) => [unit, ...words.split(" ")].map((word) => [word, unit])),
);

/** An amount with its unit; at most six decimals, because more of a week are no whole milliseconds. */
const PART = String.raw`(\d{1,15}(?:\.\d{1,6})?)\s*([a-z]+)`;
const PARTS = new RegExp(`^${PART}(?:(?:\\s*,)?(?:\\s+and\\b)?\\s*${PART})*$`);

const EACH_PART = new RegExp(PART, "g");
/** The form of most durations: `15m`. */
const ONE_PART = /^(\d{1,15})(ms|[wdhms])$/;

/** ISO 8601, only units of constant length: not years and months. */
const ISO = /^p(?=.)(?:([\d.]+w))?(?:([\d.]+d))?(?:t(?=.)(?:([\d.]+h))?(?:([\d.]+m))?(?:([\d.]+s))?)?$/;

const WORDS = UNITS.flatMap(({ words }) => words.split(" "));
/** A plural is its word and an `s`. A word that ends with `s` is not read without a number. */
const SINGULARS = WORDS.filter((word) => !word.endsWith("s"));
const NUMBER_PATTERN = `(?:[0-9]{1,15}(?:\\.[0-9]{1,6})?|${anyCase(NUMBER_WORDS)}[ \\t])`;
const PART_PATTERN = `${NUMBER_PATTERN}${BLANKS}(?:${anyCase(SINGULARS)}[Ss]?|${anyCase(UNITS.map(({ unit }) => unit))})`;

/**
 * The form of what `parseDuration` reads, as a pattern of JSON Schema. It does not express the order of the units, the length of the duration,
 * and whether `M` is a month.
 */
export const DURATION_PATTERN = patternWithin(
  [`(?:(?:${BLANKS},)?(?:[ \\t]+${anyCase(["and"])})?${BLANKS}${PART_PATTERN})+`, anyCase(SINGULARS), "[Pp][0-9.WwDdTtHhMmSs]+"].join("|"),
);

/** A capital M without a larger unit before it: `15M` may mean months; `1H30M` cannot. */
const MONTH_OR_MINUTE = /^\s*[\d.]+\s*M(?![A-Za-z])/;

/** Whether the first unit of a duration may be months as well as minutes. */
export const isMonthOrMinute = (text: string): boolean => MONTH_OR_MINUTE.test(text);

/** Amounts of units, as they were written: `[["1.5", "h"]]`. */
type Amounts = readonly (readonly [amount: string, unit: Unit])[];

/** Reads `15m`, `1.5 hours`, `1 hour and 30 minutes`, `PT15M`, `hour`; null if the text has another form. */
function parseAmounts(text: string): Amounts | null {
  const plain = text.trim().toLowerCase();
  const [, count, of] = ONE_PART.exec(plain) ?? [];
  if (count !== undefined && of !== undefined) return [[count, of as Unit]];
  const lone = UNIT_OF.get(plain);
  if (plain.length >= 3 && !plain.endsWith("s") && lone !== undefined) return [["1", lone]];
  const counted = countedInDigits(plain);
  const spelt = ISO.exec(counted)?.slice(1).join("") ?? counted;
  if (!PARTS.test(spelt)) return null;
  const amounts = [...spelt.matchAll(EACH_PART)].map(([, amount = "", word = ""]) => [amount, UNIT_OF.get(word)] as const);
  const sizes = amounts.map(([, unit]) => UNITS.findIndex((known) => known.unit === unit));
  return sizes.every((size, i) => size > (sizes[i - 1] ?? -1)) ? (amounts as Amounts) : null;
}

/** A duration in the short form, `1h30m`; null for a text that is none. Syntax only: it may be too long or 0. */
export const shortDuration = (text: string): string | null => parseAmounts(text)?.flat().join("") ?? null;

/** Computed with integers, so that nothing is rounded; NaN if it is not a whole number of milliseconds. */
function toMs([amount, unit]: Amounts[number]): number {
  const ms = MS_OF[unit];
  const [whole = "0", decimals] = amount.split(".");
  if (decimals === undefined) return Number(whole) * ms;
  const fraction = Number(decimals) * ms;
  return fraction % 10 ** decimals.length === 0 ? Number(whole) * ms + fraction / 10 ** decimals.length : Number.NaN;
}

/**
 * Reads `500ms`, `2s`, `15m`, `1h30m`, `1.5h`, `2w`, the same in words (`1 hour and 30 minutes`) and as ISO 8601 has it
 * (`PT1H30M`) as milliseconds. Larger units come first, in any case; a day is 24 hours and a week 7 such days, even
 * when clocks change.
 */
export function parseDuration(text: string): Parsed<number> {
  const amounts = parseAmounts(text);
  if (amounts === null) {
    return fault(
      "bad_duration",
      `"${text}" is not a duration: write numbers with the units w d h m s ms, the larger first, such as 15m, 1h30m or 500ms`,
    );
  }
  const ms = amounts.reduce((sum, amount) => sum + toMs(amount), 0);
  if (Number.isNaN(ms)) return fault("bad_duration", `the duration "${text}" is no whole number of milliseconds`);
  if (ms === 0 || !Number.isSafeInteger(ms))
    return fault("bad_duration", `the duration "${text}" must be more than 0 and not astronomical`);
  if (!isMonthOrMinute(text)) return parsed(ms);
  const minutes = text.trim().toLowerCase();
  return fault("bad_duration", `"${text}" may be months or minutes: write ${minutes} for minutes`, [{ every: minutes }]);
}

/** Prints whole, positive milliseconds with the largest units that divide them up: 5,400,000 is `1h30m`. Inverse of `parseDuration`. */
export function showDuration(ms: number): string {
  let rest = ms;
  let text = "";
  for (const { unit, ms: unitMs } of UNITS) {
    const count = Math.floor(rest / unitMs);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * unitMs;
  }
  return text;
}
