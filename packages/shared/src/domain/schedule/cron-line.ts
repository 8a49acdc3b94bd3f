import { CRON_FIELDS, faultOfField } from "./cron-field.ts";
import { type Parsed, fault, parsed } from "./fault.ts";

const NICKNAMES: ReadonlyMap<string, string> = new Map([
  ["@hourly", "0 * * * *"],
  ["@daily", "0 0 * * *"],
  ["@midnight", "0 0 * * *"],
  ["@weekly", "0 0 * * 0"],
  ["@monthly", "0 0 1 * *"],
  ["@yearly", "0 0 1 1 *"],
  ["@annually", "0 0 1 1 *"],
]);

/**
 * Reads a cron line of our dialect (docs/schedules.md): five fields, six with a leading second, or a nickname. The value
 * has single blanks and no nickname, and is otherwise as it was written.
 */
export function parseCron(text: string): Parsed<string> {
  const line = text.trim().replace(/\s+/g, " ");
  if (line.startsWith("@")) {
    const written = NICKNAMES.get(line.toLowerCase());
    return written === undefined
      ? fault("bad_cron", `"${line}" is not a nickname of a cron line: use ${[...NICKNAMES.keys()].join(", ")}`)
      : parsed(written);
  }
  const texts = line === "" ? [] : line.split(" ");
  if (texts.length < 5 || texts.length > 6) {
    const count = `"${line}" has ${texts.length} field${texts.length === 1 ? "" : "s"}`;
    return fault(
      "bad_cron",
      `${count}: a cron line has 5 (minute, hour, day of month, month, day of week) or 6 (with a leading second); years are set by startAt and endAt`,
    );
  }
  const fields = CRON_FIELDS.slice(-texts.length);
  for (const [i, field] of fields.entries()) {
    const problem = faultOfField(field, texts[i] ?? "");
    if (problem !== null) return fault("bad_cron", `cron field ${i + 1} (${field.name}): ${problem}`);
  }
  return parsed(line);
}

/** The six fields of a valid line: second, minute, hour, day of month, month, day of week. */
export function cronFields(cron: string): readonly [string, string, string, string, string, string] {
  const texts = cron.split(" ");
  return (texts.length === 5 ? ["0", ...texts] : texts) as [string, string, string, string, string, string];
}

/**
 * A line is *fixed* if neither second, minute nor hour has a wildcard or step: it names times of day, and each of them is
 * kept once a day even where the clock skips or repeats it. Any other line follows the clock.
 */
export function isFixedTime(cron: string): boolean {
  const [second, minute, hour] = cronFields(cron);
  return !/[*/]/.test(`${second} ${minute} ${hour}`);
}

/** Day of month and day of week are both restricted: then either of them suffices (OR). */
export function joinsDaysByOr(cron: string): boolean {
  const [, , , day, , weekday] = cronFields(cron);
  return !["*", "?"].includes(day) && !["*", "?"].includes(weekday);
}
