import { type CronField, allowedIn, hasTwoSundays, lastValue, shortName, shortened, countValues, readFieldValue } from "./cron-field.ts";
import { insteadOfItem, insteadOfName, insteadOfRange, pickedByOthers } from "./cron-item-meant.ts";
import { type Parsed, type ScheduleFault, fault, parsed } from "../fault.ts";

const ITEM = /^(?:\*|([A-Z0-9]+)(?:-([A-Z0-9]+))?)(?:\/(\d+))?$/i;

/**
 * Reads one item of a field's list: a value, a range, a step, or one of the specials. Forms that `nextWallTime` accepts stay
 * as they were written; other forms are rewritten to accepted ones with the same meaning.
 */
export function readItem(field: CronField, item: string): Parsed<string> {
  if (item === "") return wrong("a value is empty: look for a stray comma");
  if (item === "?" && field.special === "none") return wrong(`"?" stands for any day, and in the two day fields alone`, ["*"]);
  if (item === "*" || item === "?" || isLastWeekday(field, item)) return wrong(`"${item}" must stand alone, not in a list`);
  const picked = pickedByOthers(field, item);
  if (picked !== null) return picked;
  const special = readSpecial(field, item);
  if (special !== null) return special;
  const match = ITEM.exec(item);
  if (match === null) return wrong(`"${item}" is not understood; ${allowedIn(field)}`, insteadOfItem(field, item));
  const [, from, to, step] = match;
  const problem = faultOfBounds(field, [from, to], step) ?? faultOfStep(field, { from, step });
  if (problem !== null) return problem;
  if (from === undefined) return parsed(item);
  if (to !== undefined) return parsed(rangeText(field, { from, to, step }));
  return parsed(step === undefined ? shortened(from) : fromOnText(field, from, Number(step)));
}

export const isLastWeekday = (field: CronField, text: string): boolean => field.special === "day of month" && text.toUpperCase() === "LW";

/** Here the suggestion is an item. */
const wrong = (problem: string, instead: readonly string[] = []): ScheduleFault => fault("bad_cron", problem, instead);

function faultOfBounds(field: CronField, bounds: readonly (string | undefined)[], step?: string): ScheduleFault | null {
  for (const bound of bounds) {
    if (bound === undefined) continue;
    const value = readFieldValue(field, bound);
    if (value === null) return wrong(`"${bound}" is not understood; ${allowedIn(field)}`, insteadOfName(field, bound, bounds));
    if (value < field.min || value > field.max)
      return wrong(`${bound} is out of range; ${allowedIn(field)}`, insteadOfRange(field, bounds, step));
  }
  return null;
}

/** Cron reads a step longer than the field as its first value; the writer may have meant something else, so it is refused. */
function faultOfStep(
  field: CronField,
  { from = String(field.min), step = "1" }: { from?: string | undefined; step?: string | undefined },
): ScheduleFault | null {
  const [by, max] = [Number(step), countValues(field)];
  if (by >= 1 && by <= max) return null;
  const problem = `the step ${step} is out of range: 1 to ${max}`;
  return by === 0 ? wrong(problem) : wrong(`${problem}, and cron takes it for ${from} alone`, [from]);
}

/** L, L-3, 15W, 5L, MON#2: the item as read, a fault if it is wrong, and null if the item is none of these. */
function readSpecial(field: CronField, item: string): Parsed<string> | null {
  if (field.special === "day of month") {
    if (item.toUpperCase() === "L") return parsed(item);
    if (/^LW-/i.test(item)) return wrong(`"${item}" is not understood; ${allowedIn(field)}`);
    const before = /^L-(\d+)W?$/i.exec(item)?.[1];
    if (before !== undefined)
      return Number(before) >= 1 && Number(before) < field.max ? parsed(item) : wrong(`${item} is out of range: L-1 to L-${field.max - 1}`);
    const day = /^(\d+)W$/i.exec(item)?.[1];
    return day === undefined ? null : (faultOfBounds(field, [day]) ?? parsed(item));
  }
  if (field.special === "day of week") {
    if (item.toUpperCase() === "L") return wrong(`"L" alone is Saturday to Quartz, and nothing here`, [shortName(field, lastValue(field))]);
    const [, day, suffix = ""] = /^([0-9]|[A-Z]{3,})(L)$/i.exec(item) ?? /^([0-9A-Z]+)(#.*)$/i.exec(item) ?? [];
    if (day === undefined) return null;
    const problem = faultOfBounds(field, [day]);
    if (problem !== null) return problem;
    if (suffix.startsWith("#") && !/^#[1-5]$/.test(suffix)) return wrong(`${suffix} is out of range: #1 to #5`);
    return parsed(`${shortened(day)}${suffix}`);
  }
  return null;
}

/** A value with a step, `5/15`: from it to the field's last one, as in Quartz and Spring. */
function fromOnText(field: CronField, text: string, step: number): string {
  const value = readFieldValue(field, text) ?? field.min;
  const from = hasTwoSundays(field) && value > lastValue(field) ? field.min : value;
  return spanText({ from, to: lastValue(field), step }, writer(field, text));
}

type Range = { readonly from: string; readonly to: string; readonly step: string | undefined };

function rangeText(field: CronField, { from, to, step }: Range): string {
  const asWritten = `${shortened(from)}-${shortened(to)}${step === undefined ? "" : `/${step}`}`;
  const [first, last] = readBounds(field, { from, to });
  if (first === last && first === readFieldValue(field, from)) return asWritten;
  if (isSundayAlone(field, { from, to })) return shortened(from);
  if (first <= last && (readFieldValue(field, from) ?? 0) <= last) return asWritten;
  const span = { from: first, to: last, step: Number(step ?? 1) };
  const write = writer(field, from, to);
  return (first <= last ? [span] : wrapped(field, span)).map((part) => spanText(part, write)).join(",");
}

type Bounds = Pick<Range, "from" | "to">;

/** Sunday, written as a name, is 0 at the start of a range and 7 at its end; a number keeps its value. */
function readBounds(field: CronField, { from, to }: Bounds): readonly [first: number, last: number] {
  const [first, last] = [readFieldValue(field, from) ?? 0, readFieldValue(field, to) ?? 0];
  if (!hasTwoSundays(field)) return [first, last];
  const end = last === 0 && isName(to) ? 7 : last;
  return [first === 7 && end !== 7 ? 0 : first, end];
}

/** `SUN-SUN` and `7-0` are Sunday alone; `0-7`, `SUN-7` and `0-SUN` are the whole week. */
function isSundayAlone(field: CronField, { from, to }: Bounds): boolean {
  if (!hasTwoSundays(field)) return false;
  const [first, last] = [readFieldValue(field, from), readFieldValue(field, to)];
  return (first === 7 && last === 0) || (first === 0 && last === 0 && isName(from) && isName(to));
}

const isName = (text: string): boolean => /^[A-Z]/i.test(text);

type Span = { readonly from: number; readonly to: number; readonly step: number };

/** A range that wraps after the field's last value, split in two; its step continues in the second part. */
function wrapped(field: CronField, { from, to, step }: Span): Span[] {
  const last = lastValue(field);
  const over = from + step * Math.ceil((last + 1 - from) / step) - countValues(field);
  return [{ from, to: last, step }, ...(over <= to ? [{ from: over, to, step }] : [])];
}

type WriteValue = (value: number) => string;

/** Names stay names, numbers numbers. */
const writer = (field: CronField, ...texts: readonly string[]): WriteValue =>
  texts.some(isName) ? (value) => shortName(field, value) : String;

const spanText = ({ from, to, step }: Span, write: WriteValue): string =>
  from + step > to ? write(from) : `${write(from)}-${write(to)}${step === 1 ? "" : `/${step}`}`;
