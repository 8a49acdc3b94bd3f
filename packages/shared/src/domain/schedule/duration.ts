import { BLANKS, anyCase, patternWithin } from "../json-pattern.ts";
import { type Parsed, fault, parsed } from "./fault.ts";

const UNITS = [
  ["w", 7 * 86_400_000],
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
  ["ms", 1],
] as const;

/** Each unit at most once, the larger first; blanks between the parts are welcome. */
const DURATION = new RegExp(`^${UNITS.map(([unit]) => `(?:(\\d{1,15})\\s*${unit}(?![a-z])\\s*)?`).join("")}$`);

/** What `parseDuration` reads, as a pattern of JSON Schema: how long it is, and whether `M` is a month, is beyond it. */
export const DURATION_PATTERN = patternWithin(
  `(?=[0-9])${UNITS.map(([unit]) => `(?:[0-9]{1,15}${BLANKS}${anyCase([unit])}${BLANKS})?`).join("")}`,
);

/** A capital M that no larger unit stands before: `15M` may be months to whoever writes it; `1H30M` cannot. */
const MONTH_OR_MINUTE = /^\s*\d+\s*M(?![A-Za-z])/;

/** Whether the first unit of a duration may be months as well as minutes. */
export const isMonthOrMinute = (text: string): boolean => MONTH_OR_MINUTE.test(text);

/**
 * Reads `500ms`, `2s`, `15m`, `1h30m`, `1d`, `2w` as milliseconds. Units are whole numbers of `w d h m s ms`, larger
 * ones first and in any case; a day is 24 hours and a week 7 such days, whatever the clocks do.
 */
export function parseDuration(text: string): Parsed<number> {
  const parts = DURATION.exec(text.trim().toLowerCase());
  const ms = parts === null ? 0 : UNITS.reduce((sum, [, unitMs], i) => sum + Number(parts[i + 1] ?? 0) * unitMs, 0);
  if (parts === null || text.trim() === "") {
    return fault(
      "bad_duration",
      `"${text}" is not a duration: write whole numbers with the units w d h m s ms, such as 15m, 1h30m or 500ms`,
    );
  }
  if (ms === 0 || !Number.isSafeInteger(ms))
    return fault("bad_duration", `the duration "${text}" must be more than 0 and not astronomical`);
  if (!isMonthOrMinute(text)) return parsed(ms);
  const minutes = text.trim().toLowerCase();
  return fault("bad_duration", `"${text}" may be months or minutes: write ${minutes} for minutes`, [{ every: minutes }]);
}

/** Prints whole, positive milliseconds with the largest units that divide them up: 5,400,000 is `1h30m`. Inverse of `parseDuration`. */
export function showDuration(ms: number): string {
  let rest = ms;
  let text = "";
  for (const [unit, unitMs] of UNITS) {
    const count = Math.floor(rest / unitMs);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * unitMs;
  }
  return text;
}
