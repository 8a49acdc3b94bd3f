import { CRON_FIELDS, countValues } from "./cron-field.ts";
import { showDuration } from "../interval/duration.ts";
import { parseEvery } from "../interval/every.ts";

const UNIT_MS: Readonly<Record<string, number>> = { second: 1_000, minute: 60_000, hour: 3_600_000, "day of month": 86_400_000 };

/**
 * The fixed interval that is meant by a step longer than its field, `*\/90` in the minutes: every 90 minutes. Null if other
 * fields have another meaning, or if there is no such interval.
 */
export function intervalMeantBy(texts: readonly string[], i: number): string | null {
  const field = CRON_FIELDS.slice(-texts.length)[i];
  const [, step] = /^(?:\*|\d+)\/(\d+)$/.exec(texts[i] ?? "") ?? [];
  if (field === undefined || step === undefined || Number(step) <= countValues(field)) return null;
  const finer = texts.slice(0, i).every((text) => /^(?:\d+|\*)$/.test(text));
  const coarser = texts.slice(i + 1).every((text) => text === "*" || text === "?");
  const every = showDuration(Number(step) * (UNIT_MS[field.name] ?? 0));
  return finer && coarser && parseEvery(every).kind === "parsed" ? every : null;
}
