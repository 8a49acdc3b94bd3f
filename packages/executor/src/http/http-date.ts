import type { Instant } from "@tickline/shared/domain/instant";

const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const TIME = String.raw`(?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)`;
/** RFC 9110, 5.6.7: the form of today, that of RFC 850, and that of C's asctime. All are UTC. */
const FORMS = [
  new RegExp(`^[a-z]{3}, (?<day>\\d\\d) (?<month>[a-z]{3}) (?<year>\\d{4}) ${TIME} (?:gmt|utc)$`, "i"),
  new RegExp(`^[a-z]{6,9}, (?<day>\\d\\d)-(?<month>[a-z]{3})-(?<year>\\d\\d) ${TIME} gmt$`, "i"),
  new RegExp(`^[a-z]{3} (?<month>[a-z]{3}) (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})$`, "i"),
];

/** The instant of a date in a header; null: it is none. `now` says the century of a year of two digits: the one that makes it no more than 50 years ahead. */
export function httpDate(text: string, now: Instant): Instant | null {
  const fields = FORMS.map((form) => form.exec(text.trim())?.groups).find((groups) => groups !== undefined);
  const month = MONTHS.indexOf(fields?.["month"]?.toLowerCase() ?? "");
  if (fields === undefined || month < 0) return null;
  const [year, day, hour, minute, second] = ["year", "day", "hour", "minute", "second"].map((name) => Number(fields[name]));
  if (year === undefined || day === undefined || hour === undefined || minute === undefined || second === undefined) return null;
  const at = new Date(Date.UTC(fields["year"]?.length === 2 ? fullYear(year, now) : year, month, day, hour, minute, second));
  return at.getUTCDate() === day && hour < 24 && minute < 60 && second <= 60 ? at.getTime() : null;
}

function fullYear(twoDigits: number, now: Instant): number {
  const thisYear = new Date(now).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + twoDigits;
  return year > thisYear + 50 ? year - 100 : year;
}
