import { parseDuration, showDuration } from "./duration.ts";
import { type Parsed, fault } from "./fault.ts";

/** The shortest fixed interval. Shorter ones are work for a loop inside a handler, not for durable runs. */
export const EVERY_MS_MIN = 100;

/** The longest fixed interval: 400 days, so that a year fits. Use a cron line for longer ones. */
export const EVERY_MS_MAX = 400 * 86_400_000;

/** Reads the duration of a fixed interval as milliseconds. */
export function parseEvery(every: string): Parsed<number> {
  const ms = parseDuration(every.toLowerCase());
  if (ms.kind === "fault") return parseDuration(every);
  if (ms.value < EVERY_MS_MIN) return fault("bad_duration", `the interval "${every}" is too short: at least ${showDuration(EVERY_MS_MIN)}`);
  if (ms.value > EVERY_MS_MAX) return fault("bad_duration", `the interval "${every}" is too long: at most 400d; use a cron line instead`);
  return parseDuration(every); // In lower case a month that cannot be told from a minute would be one.
}

const RATE_UNITS: Readonly<Record<string, string>> = { minute: "m", hour: "h", day: "d" };

/** The duration of a fixed interval as other schedulers write it: `@every 5m` (Go), `rate(5 minutes)` (EventBridge); null for other texts. */
export function durationOfOthers(text: string): string | null {
  const duration = /^@every (.+)$/i.exec(text)?.[1];
  if (duration !== undefined) return duration;
  const [, count, unit = ""] = /^rate\( ?(\d+) (minute|hour|day)s? ?\)$/i.exec(text) ?? [];
  return count === undefined ? null : `${count}${RATE_UNITS[unit.toLowerCase()]}`;
}
