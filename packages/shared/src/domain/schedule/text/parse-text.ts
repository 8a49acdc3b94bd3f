import type { z } from "zod";
import { type Parsed, fault } from "../fault.ts";
import { plainLine } from "../plain-line.ts";
import { type TextReading, readText } from "./read-text.ts";
import { respelt } from "./respelt.ts";
import { rewritten } from "./rewritten.ts";
import { CalendarObject, CronObject, EveryObject, InstantObject } from "../input/schedule-objects.ts";
import { isZone } from "../zone/zone.ts";

const EXAMPLES = `"every 15m", "daily at 09:00", "every monday at 09:00 Europe/Berlin", "monthly on the last day at 18:00", "0 9 * * 1-5", "2026-12-01T09:00:00Z"`;

/**
 * Reads what a person types: `weekly`, `every 15m`, `every monday at 9am Europe/Berlin`, a cron line, an ISO instant. In
 * any case and with any blanks. Syntax only: the schema of the object checks whether a zone, a cron field or a duration is
 * valid. The suggestions of a fault have been read and validated themselves.
 */
export function parseScheduleText(text: string): Parsed<TextReading> {
  const line = plainLine(text);
  if (line === "") return fault("bad_schedule_text", `the schedule is empty: write for example ${EXAMPLES}`);
  const reading = readText(line);
  if (reading.kind === "parsed") return reading;
  const { code, message, suggestions } = reading;
  if (suggestions !== undefined) {
    const objects = suggestions.filter((suggestion) => typeof suggestion !== "string");
    if (objects.length > 0) return fault(code, message, objects.every(isAccepted) ? objects : []);
    const accepted = pickAccepted(suggestions.filter((suggestion) => typeof suggestion === "string"));
    return fault(code, accepted.length === 0 ? message : `${message}: write ${joinByOr(accepted)}`, accepted);
  }
  const meant = meantBy(line);
  if (meant.length > 0) return fault(code, `${message}; did you mean ${joinByOr(meant)}?`, meant);
  return fault(code, code === "bad_schedule_text" ? `${message}; write for example ${EXAMPLES}` : message);
}

export const joinByOr = (texts: readonly string[]): string => texts.map((text) => `"${text}"`).join(" or ");

/** Of accepted texts with the same meaning, the first. */
function pickAccepted(texts: readonly string[]): string[] {
  const byMeaning = new Map<string, string>();
  for (const text of texts) {
    const meaning = readMeaning(text);
    if (meaning !== null && !byMeaning.has(meaning)) byMeaning.set(meaning, text);
  }
  return [...byMeaning.values()];
}

/**
 * The intended meaning of a line that is not understood: the line without typing errors, or with the missing `every` or `daily`,
 * if that has one meaning; otherwise its translation into our words.
 */
export function meantBy(line: string): string[] {
  const spelt = pickAccepted([...respelt(line), `every ${line}`, `daily ${line}`]);
  if (spelt.length === 1) return spelt;
  for (const texts of rewritten(line)) {
    const accepted = pickAccepted(texts);
    if (accepted.length > 0) return accepted;
  }
  return [];
}

const isAccepted = (suggestion: object): boolean => EveryObject.safeParse(suggestion).success;

/** What a short string means, as a text that equal schedules share; null if it is refused. */
function readMeaning(text: string): string | null {
  const reading = readText(text);
  if (reading.kind === "fault" || ("timezone" in reading.value && !isZone(reading.value.timezone ?? "UTC"))) return null;
  const schedule = chooseSchema(reading.value).safeParse(reading.value);
  return schedule.success ? JSON.stringify(schedule.data) : null;
}

function chooseSchema(reading: TextReading): z.ZodType {
  if ("cron" in reading) return CronObject;
  if ("every" in reading) return EveryObject;
  return "interval" in reading ? CalendarObject : InstantObject;
}
