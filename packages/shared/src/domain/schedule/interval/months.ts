import { countedInDigits } from "./number-words.ts";

const MONTHS_OF_UNIT: Readonly<Record<string, number>> = { month: 1, mo: 1, quarter: 3, year: 12, yr: 12, m: 1, y: 12 };

/** The number of months in a text: `2 months`, `quarter`, `P1Y`; null for other texts. Months are not a duration, because they differ in length. */
export function parseMonths(text: string): number | null {
  const counted = countedInDigits(text.trim().toLowerCase());
  const [, count = "1", unit = ""] =
    /^(?:(\d{1,3}) ?)?(month|mo|quarter|year|yr|y(?!s))s?$/.exec(counted) ?? /^p(\d{1,3})([my])$/.exec(counted) ?? [];
  const months = Number(count) * (MONTHS_OF_UNIT[unit] ?? 0);
  return months === 0 ? null : months;
}

/** The date fields of a cron line that fires on the first day of every `months` months, counted from January; null if they do not divide a year. */
export function datesOfMonths(months: number): string | null {
  if (12 % months !== 0) return null;
  return months === 12 ? "1 1 *" : `1 ${months === 1 ? "*" : `*/${months}`} *`;
}
