import { type CronField, DAY_OF_WEEK, shortName } from "./cron-field.ts";
import { cronValues } from "./cron-values.ts";
import { readCronField } from "./read-cron-field.ts";

/** Quartz and EventBridge count the days of the week from 1, Sunday, to 7, Saturday. */
const QUARTZ_DAY_OF_WEEK: CronField = { ...DAY_OF_WEEK, min: 1 };

/** Whether a day-of-week field has numbers of days, or a single `L`, which is Saturday in Quartz. */
export const countsWeekdays = (text: string): boolean => text.split(",").some((item) => /^\d|-\d|^L$/i.test(item));

/** A day-of-week field with the numbers of Quartz, rewritten with names; null if it is not one, or if the result would have another meaning. */
export function namesOfQuartzDays(text: string): string | null {
  const items = text.split(",").map((item) => (item.toUpperCase() === "L" ? "7" : item));
  const quartz = readCronField(QUARTZ_DAY_OF_WEEK, items.join(","));
  const named = items.map((item) => item.replace(/(?<![#/\d])\d+/g, (day) => shortName(QUARTZ_DAY_OF_WEEK, Number(day)))).join(",");
  const ours = readCronField(DAY_OF_WEEK, named);
  if (quartz.kind === "fault" || ours.kind === "fault") return null;
  const meant = [...cronValues(QUARTZ_DAY_OF_WEEK, quartz.value)].map((value) => value.replace(/^\d+/, (day) => String(Number(day) - 1)));
  const said = cronValues(DAY_OF_WEEK, ours.value);
  return said.size === meant.length && meant.every((value) => said.has(value)) ? ours.value : null;
}
