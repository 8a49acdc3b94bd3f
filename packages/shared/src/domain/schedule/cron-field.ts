/** One field of a cron line: what it is called in messages, and what may stand in it. */
export type CronField = {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Three-letter names; the first one stands for `min`. */
  readonly names: readonly string[];
  readonly special: "none" | "day of month" | "day of week";
};

export const MONTH_NAMES = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(" ");
export const DAY_NAMES = "SUN MON TUE WED THU FRI SAT".split(" ");

/** All six; a line of five starts at `minute`. */
export const CRON_FIELDS: readonly CronField[] = [
  { name: "second", min: 0, max: 59, names: [], special: "none" },
  { name: "minute", min: 0, max: 59, names: [], special: "none" },
  { name: "hour", min: 0, max: 23, names: [], special: "none" },
  { name: "day of month", min: 1, max: 31, names: [], special: "day of month" },
  { name: "month", min: 1, max: 12, names: MONTH_NAMES, special: "none" },
  { name: "day of week", min: 0, max: 7, names: DAY_NAMES, special: "day of week" },
];

/** What is wrong with the text of a field, as a clause of its own, or null if nothing is. */
export function faultOfField(field: CronField, text: string): string | null {
  if (text === "*" || (text === "?" && field.special !== "none")) return null;
  if (isLastWeekday(field, text)) return null;
  for (const item of text.split(",")) {
    const problem = faultOfItem(field, item);
    if (problem !== null) return problem;
  }
  return null;
}

const ITEM = /^(?:\*|([A-Z0-9]+)(?:-([A-Z0-9]+))?)(?:\/(\d+))?$/i;

function faultOfItem(field: CronField, item: string): string | null {
  if (item === "") return "a value is empty: look for a stray comma";
  if (item === "*" || item === "?" || isLastWeekday(field, item)) return `"${item}" must stand alone, not in a list`;
  const special = faultOfSpecial(field, item);
  if (special !== "not special") return special;
  const match = ITEM.exec(item);
  if (match === null) return `"${item}" is not understood; ${allowedIn(field)}`;
  const [, from, to, step] = match;
  const bounds = faultOfBounds(
    field,
    [from, to].filter((bound) => bound !== undefined),
  );
  if (bounds !== null || step === undefined) return bounds;
  if (from !== undefined && to === undefined)
    return `"${item}" has a step after a single value: write ${from}-${field.max}/${step} or */${step}`;
  return Number(step) >= 1 && Number(step) <= sizeOf(field) ? null : `the step ${step} is out of range: 1 to ${sizeOf(field)}`;
}

const isLastWeekday = (field: CronField, text: string): boolean => field.special === "day of month" && text.toUpperCase() === "LW";

/** One value, or the two ends of a range. */
function faultOfBounds(field: CronField, bounds: readonly string[]): string | null {
  const numbers: number[] = [];
  for (const bound of bounds) {
    const number = numberOf(field, bound);
    if (number === null) return `"${bound}" is not understood; ${allowedIn(field)}`;
    if (number < field.min || number > field.max) return `${bound} is out of range; ${allowedIn(field)}`;
    numbers.push(number);
  }
  const [from = 0, to = from] = numbers;
  if (from <= to || bounds[1]?.toUpperCase() === "SUN") return null; // FRI-SUN: as the end of a range, SUN is 7.
  const first = field.special === "day of week" ? 1 : field.min;
  return `the range ${bounds.join("-")} runs backwards: write ${rangeText(from, field.max)},${rangeText(first, Math.max(to, first))}`;
}

const rangeText = (from: number, to: number): string => (from === to ? `${from}` : `${from}-${to}`);

/** L, 15W, 5L, MON#2: null if right, a fault if wrong, and "not special" if it is none of these. */
function faultOfSpecial(field: CronField, item: string): string | null {
  if (field.special === "day of month") {
    if (item.toUpperCase() === "L") return null;
    const day = /^(\d+)W$/i.exec(item)?.[1];
    return day === undefined ? "not special" : faultOfBounds(field, [day]);
  }
  if (field.special === "day of week") {
    const last = /^([0-9]|[A-Z]{3})L$/i.exec(item)?.[1];
    if (last !== undefined) return faultOfBounds(field, [last]);
    const [, day, nth] = /^([0-9A-Z]+)#(.*)$/i.exec(item) ?? [];
    if (day === undefined) return "not special";
    return faultOfBounds(field, [day]) ?? (/^[1-5]$/.test(nth ?? "") ? null : `#${nth} is out of range: #1 to #5`);
  }
  return "not special";
}

function numberOf(field: CronField, text: string): number | null {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  const index = field.names.indexOf(text.toUpperCase());
  return index === -1 ? null : index + field.min;
}

/** How many different values a field has: 7 is Sunday once more. */
const sizeOf = (field: CronField): number => (field.special === "day of week" ? 7 : field.max - field.min + 1);

function allowedIn({ min, max, names, special }: CronField): string {
  const also = special === "day of month" ? ", L, LW, 15W" : special === "day of week" ? ", 5L, MON#2" : "";
  const named = names.length === 0 ? "" : ` or ${names[0]} to ${names.at(-1)}`;
  return `allowed are ${min} to ${max}${named}${also}, lists (1,3), ranges (1-5) and steps (*/2)`;
}
