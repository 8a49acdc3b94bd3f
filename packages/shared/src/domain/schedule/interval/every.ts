import { isMonthOrMinute, parseDuration, shortDuration, showDuration } from "./duration.ts";
import { type Parsed, fault } from "../fault.ts";
import { datesOfMonths, parseMonths } from "./months.ts";

/** The shortest fixed interval. Shorter ones are work for a loop inside a handler, not for durable runs. */
export const EVERY_MS_MIN = 100;

/** The longest fixed interval: 400 days, so that a year fits. Use a cron line for longer ones. */
export const EVERY_MS_MAX = 400 * 86_400_000;

/** Reads the duration of a fixed interval as milliseconds. */
export function parseEvery(every: string): Parsed<number> {
  const ms = parseDuration(every.toLowerCase());
  if (ms.kind === "fault") return withMeant(parseDuration(every), every);
  if (ms.value < EVERY_MS_MIN) return fault("bad_duration", `the interval "${every}" is too short: at least ${showDuration(EVERY_MS_MIN)}`);
  if (ms.value > EVERY_MS_MAX) return fault("bad_duration", `the interval "${every}" is too long: at most 400d; use a cron line instead`);
  return parseDuration(every); // In lower case, an `M` for months would become minutes.
}

/** A duration in other words than ours, or a number of months, which is not a duration. */
function withMeant(read: Parsed<number>, every: string): Parsed<number> {
  if (read.kind === "parsed") return read;
  const months = parseMonths(every);
  const dates = months === null ? null : datesOfMonths(months);
  if (months !== null) {
    const problem = `"${every}" is no fixed interval, because months differ in length`;
    return dates === null
      ? fault(read.code, problem)
      : fault(read.code, `${problem}: write {"cron": "0 0 ${dates}"}`, [{ cron: `0 0 ${dates}` }]);
  }
  const texts = /^\s*\d+\s*$/.test(every) ? ["m", "s", "ms"].map((unit) => `${every.trim()}${unit}`) : [otherWords(every)];
  const accepted = texts.filter((text) => text !== every && parseEvery(text).kind === "parsed");
  const remedy = `did you mean ${accepted.map((text) => `"${text}"`).join(" or ")}?`;
  return accepted.length === 0
    ? read
    : fault(
        read.code,
        `${read.message}; ${remedy}`,
        accepted.map((text) => ({ every: text })),
      );
}

/** Without `every`, `@every` and `rate( )`, and with the decimal point of English. */
const otherWords = (every: string): string =>
  every
    .trim()
    .replace(/^@?every /i, "")
    .replace(/^rate ?\((.+)\)$/i, "$1")
    .replace(/^(\d+),(\d+)(?= ?[a-z])/i, "$1.$2");

/**
 * The duration of a fixed interval as other schedulers write it, in the short form where it has one: `@every 5m` (Go),
 * `rate(5 minutes)` (EventBridge), `PT5M` (ISO 8601); null for other texts.
 */
export function durationOfOthers(text: string): string | null {
  const inside = /^@every (.+)$/i.exec(text)?.[1] ?? /^rate ?\((.+)\)$/i.exec(text)?.[1] ?? /^p[\dt][\d.wdthms]*$/i.exec(text)?.[0];
  if (inside === undefined || parseMonths(inside) !== null) return null;
  return isMonthOrMinute(inside) ? inside : (shortDuration(inside) ?? inside);
}
