import type { Instant } from "@tickline/shared/domain/time/instant";

export interface RetryAfterLimits {
  /** Longest wait that is obeyed, in milliseconds. */
  readonly retryAfterMsMax: number;
  readonly now: Instant;
}

/**
 * The wait that an answer asks for before another try, in milliseconds; null: none. It is a number of seconds, or a date, which is counted from the
 * date of the answer, so that a wrong clock of the target does no harm; from `now` if the answer has no date.
 */
export function retryAfterMs(
  headers: Readonly<Record<string, readonly string[]>>,
  { retryAfterMsMax, now }: RetryAfterLimits,
): number | null {
  const sentAt = parseHttpDate(headers["date"]?.[0] ?? "", now) ?? now;
  const waits = (headers["retry-after"] ?? []).map((text) => parseWaitMs(text.trim(), { sentAt, now })).filter((wait) => wait !== null);
  return waits.length === 0 ? null : Math.min(Math.max(0, ...waits), retryAfterMsMax);
}

function parseWaitMs(text: string, { sentAt, now }: { readonly sentAt: Instant; readonly now: Instant }): number | null {
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  const until = parseHttpDate(text, now);
  return until === null ? null : until - sentAt;
}

const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const TIME = String.raw`(?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)`;
/** RFC 9110, 5.6.7: the preferred form, that of RFC 850, and that of C's asctime. All are UTC. */
const FORMS = [
  new RegExp(`^[a-z]{3}, (?<day>\\d\\d) (?<month>[a-z]{3}) (?<year>\\d{4}) ${TIME} (?:gmt|utc)$`, "i"),
  new RegExp(`^[a-z]{6,9}, (?<day>\\d\\d)-(?<month>[a-z]{3})-(?<year>\\d\\d) ${TIME} gmt$`, "i"),
  new RegExp(`^[a-z]{3} (?<month>[a-z]{3}) (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})$`, "i"),
];

/** The instant of a date in a header; null: it is not a date. A year of two digits is in the century that makes it at most 50 years later than `now`. */
export function parseHttpDate(text: string, now: Instant): Instant | null {
  const fields = FORMS.map((form) => form.exec(text.trim())?.groups).find((groups) => groups !== undefined);
  const month = MONTHS.indexOf(fields?.["month"]?.toLowerCase() ?? "");
  if (fields === undefined || month < 0) return null;
  const [year, day, hour, minute, second] = ["year", "day", "hour", "minute", "second"].map((name) => Number(fields[name]));
  if (year === undefined || day === undefined || hour === undefined || minute === undefined || second === undefined) return null;
  const at = new Date(Date.UTC(fields["year"]?.length === 2 ? toFullYear(year, now) : year, month, day, hour, minute, second));
  return at.getUTCDate() === day && hour < 24 && minute < 60 && second <= 60 ? at.getTime() : null;
}

function toFullYear(twoDigits: number, now: Instant): number {
  const thisYear = new Date(now).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + twoDigits;
  return year > thisYear + 50 ? year - 100 : year;
}
