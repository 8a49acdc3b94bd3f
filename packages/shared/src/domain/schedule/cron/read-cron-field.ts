import type { CronField } from "./cron-field.ts";
import { isLastWeekday, readItem } from "./cron-item.ts";
import { type Parsed, type ScheduleFault, parsed } from "../fault.ts";

/** Reads one field of a cron line; the message of a fault is a clause of its own, and its suggestions are texts of the field. */
export function readCronField(field: CronField, text: string): Parsed<string> {
  if (text === "*" || (text === "?" && field.special !== "none") || isLastWeekday(field, text)) return parsed(text);
  const [items, texts]: [string[], string[]] = [[], text.split(",")];
  for (const [i, item] of texts.entries()) {
    const read = readItem(field, item);
    if (read.kind === "fault") return { ...read, suggestions: suggestFields(texts, i, read) };
    items.push(read.value);
  }
  return parsed(items.join(","));
}

/** A list without empty values; a list that has every value is `*`; otherwise the list with the wrong item replaced. */
function suggestFields(texts: readonly string[], i: number, { suggestions = [] }: ScheduleFault): string[] {
  if (texts[i] === "") return texts.some((text) => text !== "") ? [texts.filter((text) => text !== "").join(",")] : [];
  if (texts[i] === "*" && texts.length > 1) return ["*"];
  return suggestions.filter((item) => typeof item === "string").map((item) => texts.with(i, item).join(","));
}
