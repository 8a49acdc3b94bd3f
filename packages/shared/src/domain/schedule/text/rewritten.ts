import { cronOfCalendarEvent } from "./calendar-event.ts";
import { readText } from "./read-text.ts";
import { textOfRecurrenceRule } from "./recurrence-rule.ts";
import { cronDates, severalTimes } from "./several-times.ts";
import { zoneMeantBy } from "../zone/zone.ts";
import { parseSpokenTime } from "../calendar/time-of-day.ts";
import { splitZones, zoneAtEnd } from "../zone/zone-in-text.ts";

/** Possible corrections of a refused line; they may be refused too. More than one: the meaning is ambiguous. */
type Rewrite = readonly [pattern: RegExp, write: (match: RegExpExecArray) => readonly string[]];

const NUMBERED = ["first", "second", "third", "fourth", "fifth"];

/** Letters in any case. The whole line without its zone matches. */
const REWRITES: readonly Rewrite[] = [
  // Words with two meanings.
  [/bi-?weekly(.*)/, ([, at]) => [...(at === "" ? ["every 2 weeks"] : []), `every monday and thursday${at}`]],
  [/bi-?monthly(.*)/, ([, at]) => [`monthly on 1, 15${at}`, ...(at === "" ? ["0 0 1 */2 *"] : [])]],
  [/(?:semi-?monthly|twice (?:a|per) month)(.*)/, ([, at]) => [`monthly on 1, 15${at}`]],
  [/(?:bi-?annually|twice (?:a|per) year)(.*)/, ([, at]) => [`semiannually${at}`]],
  [/twice (?:a day|daily)/, () => ["0 0,12 * * *"]],
  [/every (second|third|fourth|fifth) ([a-z]+day)(.*)/, ([, nth = "", day, at]) => [`monthly on the ${nth} ${day}${at}`]],
  [/(?:every )?(\d{1,9})/, ([, count]) => [`every ${count}m`, `every ${count}s`, `every ${count}ms`]],
  // Other words for one meaning.
  [/minutely/, () => ["every minute"]],
  [/(?:nightly|every night)/, () => ["daily at midnight"]],
  [/every (\d+|third|fourth|fifth)(?:st|nd|rd|th)? (minute|hour|day|week)s?/, ([, nth = "", unit]) => [`every ${ordinal(nth)} ${unit}s`]],
  [/(?:on |every )?(?:the )?(\d{1,2}(?:st|nd|rd|th))( .*)?/, ([, day, at = ""]) => [`monthly on ${day}${at}`]],
  [/on (.+)/, ([, days]) => [`every ${days}`]],
  [/(?:every )?([a-z]+(?:[ ,/&+]+[a-z]+)+?)((?: at)? \d.*)?/, ([, days = "", at = ""]) => [`${everyText(days)}${at}`]],
  [/(.*\d),(\d+ ?[a-z].*)/, ([, before, behind]) => [`${before}.${behind}`, `every ${before}.${behind}`]],
  [/(\d+)m/, ([, count]) => [`every ${count}m`, ...(count === "1" ? ["monthly"] : [])]],
  [/(.+?)[.!;]+/, ([, words = ""]) => [words]],
  [/(.+)\(s\)(.*)/, ([, before, behind]) => [`${before}s${behind}`]],
  [/(?:(?:the )?end of (?:the |each |every )?month|month-? ?end|eom)(.*)/, ([, at]) => [`monthly on the last day${at}`]],
  [/(?:the )?(?:start|beginning) of (?:the |each |every )?month(.*)/, ([, at]) => [`monthly on 1${at}`]],
  [/monthly ((?:\d|last|first).*)/, ([, day]) => [`monthly on ${day}`]],
  [/twice monthly(.*)/, ([, at]) => [`monthly on 1, 15${at}`]],
  [/(?:every )?(\d+ ?h) ?(\d+)/, ([, hours, minutes]) => [`every ${hours}${minutes}m`]],
  [/every (hour|day|week) and (.+)/, ([, unit, rest]) => [`every 1 ${unit} and ${rest}`]],
  [/@(.+ .+)/, ([, words = ""]) => [words]],
  [/every(\d.*)/, ([, duration]) => [`every ${duration}`]],
  // Times.
  [/(.+?)(?:, at| ?[,:@-]) ?(\d\S*(?: ?[ap]m)?)\.?/, ([, days, time]) => [`${days} at ${time}`]],
  [/(.+?) at (\d\S*(?: ?[ap]m)?) on (.+)/, ([, interval, time, day]) => [`${interval} on ${day} at ${time}`]],
  [/(?:at )?(\d{1,2}(?::\d\d)? ?(?:[ap]m)?|noon|midnight) (.+)/, ([, time, days]) => [`${days} at ${time}`]],
  [
    /every (\d+) ?(?:m|mins?|minutes?) (?:between|from) (.+?) (?:and|to|until) (.+)/,
    ([, step, from, to]) => betweenHours(`*/${step}`, from, to),
  ],
  [/(?:hourly|every hour) (?:between|from) (.+?) (?:and|to|until) (.+)/, ([, from, to]) => betweenHours("0", from, to)],
  [
    /every (\d+) ?(?:m|mins?|minutes?) (?:on )?(.+)/,
    ([, count, days = ""]) => (60 % Number(count) === 0 ? linesOn(`*/${count} *`, days) : []),
  ],
  [/(?:hourly|every hour) (?:on )?(.+)/, ([, days = ""]) => linesOn("0 *", days)],
  [/every minute (?:on )?(.+)/, ([, days = ""]) => linesOn("* *", days)],
  [/(?:hourly|every hour) at (?:minute )?(\d\d?)/, ([, minute = ""]) => [`hourly at :${minute.padStart(2, "0")}`]],
  [/every minute at :(\d\d)/, ([, second]) => [`${Number(second)} * * * * *`]],
  [/(.* at) (\d{1,2})(?:h|:00h| ?o'?clock)?/, ([, before, hour]) => [`${before} ${hour}:00`]],
  [/(.* at) (\d{1,2})(?:h|\.)?(\d\d)h?/, ([, before, hour, minute]) => [`${before} ${hour}:${minute}`]],
  [/(.+) at (.+(?:,| and ).+)/, ([, days = "", times = ""]) => severalTimes(days, times)],
  // Instants.
  [/(\d{4}-\d\d-\d\dt\S+?)\[(\S+)\]/, ([, time = "", zone]) => [time, `${time} ${zone}`]],
  [/(\d{10}|\d{13})/, ([, epoch = ""]) => [toIsoText(Number(epoch.padEnd(13, "0")))]],
  // Other schedulers.
  [/every '(.+)'/, ([, line = ""]) => [line]], // whenever, of Rails.
  [/every[ (]:?(\d*)\)?[. ]?([a-z]+?)s?(?:, at: ['"](.+)['"])?/, ([, count, unit, at]) => whenever(`${count} ${unit}`.trim(), at)],
  [/every :([a-z]+)(?:, at: ['"](.+)['"])?/, ([, unit = "", at]) => whenever(unit, at)],
  [/crontab\((.*)\)/, ([, fields = ""]) => [crontab(fields)]], // Celery.
  [/(?:rrule:)?(freq=.+)/, ([, rule = ""]) => textOfRecurrenceRule(rule)],
  [/(?:oncalendar=)?(.+)/, ([, event = ""]) => cronOfCalendarEvent(event)],
];

const WHOLE = REWRITES.map(([pattern, write]) => [new RegExp(`^${pattern.source}$`, "i"), write] as const);

const HTTP_DATE = /^[a-z]{3}, \d\d [a-z]{3} \d{4} \d\d:\d\d:\d\d (?:GMT|[+-]\d{4})$/i;

/** The possible meanings of a refused short string, in accepted words, the likeliest first. Each is one text or several, and has to be tried. */
export function rewritten(line: string): string[][] {
  const { rest, timezones } = splitZones(line);
  const zone = timezones[0] === undefined ? "" : zoneAtEnd(timezones[0]);
  const ways = WHOLE.map(([pattern, write]) => {
    const match = pattern.exec(rest);
    return match === null ? [] : write(match).map((text) => `${text}${zone}`);
  });
  return [...ways, withZone(line), HTTP_DATE.test(line) ? [toIsoText(Date.parse(line))] : []];
}

/** A zone behind a time of day that is written in another way: `9:00 Berlin`, `9am (Europe/Berlin)`, `09:00 +02:00`, `9:00 UTC+2`, and behind a cron line. */
function withZone(line: string): string[] {
  const [, before, name = ""] =
    /^(.*\d(?: ?[ap]m)?|\S+(?: \S+){4,5}) (?:TZ=|in )?\(?([a-z_/]{2,}(?: [a-z_]+){0,2}|(?:utc|gmt)?[+-]\d{1,2}(?::?\d\d)?)\)?$/i.exec(
      line,
    ) ?? [];
  const zone = before === undefined || readText(before).kind === "fault" ? null : zoneMeantBy(name);
  return zone === null ? [] : [`${before}${zoneAtEnd(zone)}`];
}

const toIsoText = (instant: number): string => (Number.isNaN(instant) ? "" : new Date(instant).toISOString());

const ordinal = (nth: string): string => (/\d/.test(nth) ? nth : String(NUMBERED.indexOf(nth.toLowerCase()) + 1));

const everyText = (days: string): string =>
  `every ${days
    .split(/[ ,/&+]+/)
    .filter((word) => word !== "and")
    .join(", ")}`;

/** A range with steps within the hour ends before the last hour; one at the full hour includes it. */
function betweenHours(minutes: string, from = "", to = ""): string[] {
  const [first, last] = [from, to].map((time) => parseSpokenTime(time.replace(/^\d\d?$/, "$&:00")));
  if (first?.kind !== "parsed" || last?.kind !== "parsed" || !/^\d\d:00 \d\d:00$/.test(`${first.value} ${last.value}`)) return [];
  const [begin, end] = [Number.parseInt(first.value, 10), Number.parseInt(last.value, 10) - (minutes === "0" ? 0 : 1)];
  return begin <= end ? [`${minutes} ${begin}-${end} * * *`] : [];
}

/** Times of every hour, on some days. */
function linesOn(times: string, days: string): string[] {
  const dates = cronDates(`every ${days}`) ?? cronDates(days);
  return dates === null ? [] : [`${times} ${dates}`];
}

const whenever = (interval: string, at: string | undefined): string[] => [`every ${interval}${at === undefined ? "" : ` at ${at}`}`];

function crontab(fields: string): string {
  const given = new Map([...fields.matchAll(/(\w+) ?= ?["']?([^"'\s]+?)["']?(?:,|$)/g)].map(([, name = "", value = ""]) => [name, value]));
  return ["minute", "hour", "day_of_month", "month_of_year", "day_of_week"].map((name) => given.get(name) ?? "*").join(" ");
}
