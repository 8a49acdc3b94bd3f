import { type CronField, hasTwoSundays, lastValue, readFieldValue } from "./cron-field.ts";

const RANGE = /^(\*|[A-Z0-9]+)(?:-([A-Z0-9]+))?(?:\/(\d+))?$/;

/**
 * The values of a field that has been read, so that two spellings can be compared: values and names as numbers, and specials
 * as they are (`L`, `15W`, `1#2`, `5L`). Sunday is 0.
 */
export const cronValues = (field: CronField, text: string): ReadonlySet<string> =>
  new Set((text === "?" ? "*" : text.toUpperCase()).split(",").flatMap((item) => valuesOfItem(field, item)));

function valuesOfItem(field: CronField, item: string): string[] {
  const [, first = "", last, step] = RANGE.exec(item) ?? [];
  const from = first === "*" ? field.min : readFieldValue(field, first);
  if (from === null) return [valueOfSpecial(field, item)];
  const to = first === "*" ? lastValue(field) : last === undefined ? from : rangeEnd(field, last);
  const values: string[] = [];
  for (let value = from; value <= to; value += Number(step ?? 1)) values.push(oneSunday(field, value));
  return values;
}

/** As the end of a range, SUN is 7. */
function rangeEnd(field: CronField, text: string): number {
  const value = readFieldValue(field, text) ?? field.max;
  return hasTwoSundays(field) && text.startsWith("SUN") ? field.max : value;
}

function valueOfSpecial(field: CronField, item: string): string {
  const [, day = "", suffix = ""] = /^(.*?)(L|W|#\d)$/.exec(item) ?? [];
  const value = readFieldValue(field, day);
  return value === null ? item : `${oneSunday(field, value)}${suffix}`;
}

const oneSunday = (field: CronField, value: number): string => String(value > lastValue(field) ? field.min : value);
