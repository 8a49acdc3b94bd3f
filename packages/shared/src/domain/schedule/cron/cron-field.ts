/** One field of a cron line: its name in messages, and its allowed values. */
export type CronField = {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Full names in upper case; the first one is the name of `min`. Their first three or more letters are names too. */
  readonly names: readonly string[];
  readonly special: "none" | "day of month" | "day of week";
};

const MONTH_NAMES = "JANUARY FEBRUARY MARCH APRIL MAY JUNE JULY AUGUST SEPTEMBER OCTOBER NOVEMBER DECEMBER".split(" ");
const WEEKDAY_NAMES = "SUNDAY MONDAY TUESDAY WEDNESDAY THURSDAY FRIDAY SATURDAY".split(" ");

/** Number of letters of a name in a line that has been read. */
const SHORT_NAME_LENGTH = 3;

export const DAY_NAMES = WEEKDAY_NAMES.map((name) => name.slice(0, SHORT_NAME_LENGTH));

export const DAY_OF_MONTH: CronField = { name: "day of month", min: 1, max: 31, names: [], special: "day of month" };
export const MONTH: CronField = { name: "month", min: 1, max: 12, names: MONTH_NAMES, special: "none" };

/** Sunday is 0, and 7 as well. */
export const DAY_OF_WEEK: CronField = { name: "day of week", min: 0, max: 7, names: WEEKDAY_NAMES, special: "day of week" };

/** All six; a line of five starts at `minute`. */
export const CRON_FIELDS: readonly CronField[] = [
  { name: "second", min: 0, max: 59, names: [], special: "none" },
  { name: "minute", min: 0, max: 59, names: [], special: "none" },
  { name: "hour", min: 0, max: 23, names: [], special: "none" },
  DAY_OF_MONTH,
  MONTH,
  DAY_OF_WEEK,
];

/** Sunday is the first value, and also follows the last one. */
export const hasTwoSundays = ({ special, min }: CronField): boolean => special === "day of week" && min === 0;

/** The largest different value: 6 if 7 is Sunday again. */
export const lastValue = (field: CronField): number => (hasTwoSundays(field) ? field.max - 1 : field.max);

/** How many different values a field has. */
export const countValues = (field: CronField): number => lastValue(field) - field.min + 1;

/** The value of a number or name, in range or not; null for other texts. */
export function readFieldValue({ names, min }: CronField, text: string): number | null {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  const index = text.length < SHORT_NAME_LENGTH ? -1 : names.findIndex((name) => name.startsWith(text.toUpperCase()));
  return index === -1 ? null : index + min;
}

/** A number as it is, a name by its first three letters. */
export const shortened = (value: string): string => (/^[A-Z]/i.test(value) ? value.slice(0, SHORT_NAME_LENGTH) : value);

/** The short name of a value. */
export const shortName = ({ names, min }: CronField, value: number): string => shortened(names[value - min] ?? String(value));

export function allowedIn({ min, max, names, special }: CronField): string {
  const also = special === "day of month" ? ", L, L-3, LW, 15W" : special === "day of week" ? ", 5L, MON#2" : "";
  const named = names.length === 0 ? "" : ` or ${shortened(names[0] ?? "")} to ${shortened(names.at(-1) ?? "")}`;
  return `allowed are ${min} to ${max}${named}${also}, lists (1,3), ranges (1-5) and steps (*/2)`;
}
