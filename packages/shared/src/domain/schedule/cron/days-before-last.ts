import { MONTH } from "./cron-field.ts";
import { cronFields } from "./cron-line.ts";
import { cronValues } from "./cron-values.ts";

/** `L-3`, the third day before the last of the month, and `L-3W`, the day from Monday to Friday nearest to it. */
const BEFORE_LAST = /^L-(\d+)(W?)$/i;

const MONTHS_OF_LENGTH = [
  { monthDays: 28, months: [2] },
  { monthDays: 29, months: [2] },
  { monthDays: 30, months: [4, 6, 9, 11] },
  { monthDays: 31, months: [1, 3, 5, 7, 8, 10, 12] },
];

/** A valid line for each length of a month, in which days counted back from the last are days of the month; the line itself if it has none of those. */
export function linesByMonth(cron: string): { readonly line: string; readonly monthDays: number | null }[] {
  const [second, minute, hour, day, month, weekday] = cronFields(cron);
  if (!day.split(",").some((item) => BEFORE_LAST.test(item))) return [{ line: cron, monthDays: null }];
  const written = cronValues(MONTH, month);
  return MONTHS_OF_LENGTH.flatMap(({ monthDays, months }) => {
    const those = months.filter((number) => written.has(String(number)));
    const days = day.split(",").flatMap((item) => toDayOfMonth(item, monthDays));
    const everyDay = weekday === "*" || weekday === "?";
    if (those.length === 0 || (days.length === 0 && everyDay)) return [];
    return [{ line: [second, minute, hour, days.join(",") || "*", those.join(","), weekday].join(" "), monthDays }];
  });
}

/** None: months of this length have no such day. */
function toDayOfMonth(item: string, monthDays: number): string[] {
  const [before, count, weekday] = BEFORE_LAST.exec(item) ?? [];
  if (before === undefined) return [item];
  const day = monthDays - Number(count);
  return day < 1 ? [] : [`${day}${weekday}`];
}
