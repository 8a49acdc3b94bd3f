import type { Instant } from "../../time/instant.ts";
import { type Parsed, fault, parsed } from "../fault.ts";
import { patternWithin } from "../../json/json-pattern.ts";
import type { WallTime } from "../zone/wall-time.ts";

/** The first instant a schedule may name: 1970-01-01T00:00:00.000Z. */
export const INSTANT_MIN: Instant = 0;

/** The last instant a schedule may name or produce: 9999-12-31T23:59:59.999Z, the end of four-digit years. */
export const INSTANT_MAX: Instant = 253_402_300_799_999;

const ISO = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d(?::?\d\d)?)?$/i;

const YEAR = "(?:19[7-9][0-9]|[2-9][0-9]{3})";
const LEAP_YEAR = "(?:19(?:7[26]|8[048]|9[26])|[2-9][0-9](?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[3579][26])00)";
const DAY_OF_YEAR = "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))";
const HOUR = "(?:[01][0-9]|2[0-3])";
const WALL = `(?:${YEAR}-${DAY_OF_YEAR}|${LEAP_YEAR}-02-29)[Tt]${HOUR}:[0-5][0-9](?::[0-5][0-9](?:\\.[0-9]{1,9})?)?`;
const OFFSET = `(?:[Zz]|[+-]${HOUR}(?::?[0-5][0-9])?)`;

/**
 * What `parseInstant` reads, as a pattern of JSON Schema. It differs only in the hours at both ends: it cannot express that an offset
 * moves an instant out of the years 1970 to 9999, or into them.
 */
export const INSTANT_PATTERN = patternWithin(WALL + OFFSET);

/** What `parseIsoTime` reads and `parseInstant` does not. */
export const WALL_TIME_PATTERN = patternWithin(WALL);

/** `offsetMs` is null when the text names neither `Z` nor an offset: then it is a wall-clock time. */
export type IsoTime = { readonly wall: WallTime; readonly offsetMs: number | null };

const MINUTE_MS = 60_000;

/**
 * Reads `2026-12-01T09:00:00Z`, `…+02:00` (`+0200`, `+02`), or without either as a wall-clock time. Seconds may be left out; digits
 * beyond milliseconds are cut off. Days, hours and offsets that do not exist are refused, never rolled over as
 * `Date.parse` does with 30 February.
 */
export function parseIsoTime(text: string): Parsed<IsoTime> {
  const match = ISO.exec(text.trim());
  if (match === null) {
    return fault("bad_instant", `"${text}" is not an instant: write ISO 8601 such as 2026-12-01T09:00:00Z or 2026-12-01T09:00:00+01:00`);
  }
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((i) => Number(match[i] ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const ms = Math.floor(Number(`0.${match[7] ?? "0"}`) * 1000);
  const wall = Date.UTC(year, month - 1, day, hour, minute, second, ms);
  // Date.UTC rolls 30 February over to March and treats the years 0 to 99 as 1900 to 1999: then the result differs from the input.
  if (new Date(wall).toISOString().slice(0, 19) !== isoSeconds(match))
    return fault("bad_instant", `"${text}" names a day or time that does not exist`);
  const offsetMs = match[8] === undefined ? null : parseOffsetMs(match[8]);
  if (Number.isNaN(offsetMs)) return fault("bad_instant", `"${text}" has an offset that does not exist: the largest is 23:59`);
  const instant = wall - (offsetMs ?? 0);
  if (instant < INSTANT_MIN || instant > INSTANT_MAX) return fault("bad_instant", `"${text}" is outside the years 1970 to 9999 (UTC)`);
  return parsed({ wall, offsetMs });
}

/** Reads an instant: `parseIsoTime` with `Z` or an offset. */
export function parseInstant(text: string): Parsed<Instant> {
  const time = parseIsoTime(text);
  if (time.kind === "fault") return time;
  if (time.value.offsetMs === null)
    return fault("bad_instant", `"${text}" names no offset: end it with Z (UTC) or an offset such as +01:00`);
  return parsed(time.value.wall - time.value.offsetMs);
}

const isoSeconds = (match: RegExpExecArray): string => `${match[1]}-${match[2]}-${match[3]}T${match[4]}:${match[5]}:${match[6] ?? "00"}`;

function parseOffsetMs(text: string): number {
  if (text.toUpperCase() === "Z") return 0;
  const [hours, minutes] = [Number(text.slice(1, 3)), Number(text.slice(3).replace(":", ""))];
  if (hours > 23 || minutes > 59) return Number.NaN;
  return (text.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * MINUTE_MS;
}
