import type { CronField } from "./cron-field.ts";
import { isLastWeekday, readItem } from "./cron-item.ts";
import { type Parsed, parsed } from "./fault.ts";

/** Reads one field of a cron line; the message of a fault is a clause of its own. */
export function readCronField(field: CronField, text: string): Parsed<string> {
  if (text === "*" || (text === "?" && field.special !== "none") || isLastWeekday(field, text)) return parsed(text);
  const items: string[] = [];
  for (const item of text.split(",")) {
    const read = readItem(field, item);
    if (read.kind === "fault") return read;
    items.push(read.value);
  }
  return parsed(items.join(","));
}
