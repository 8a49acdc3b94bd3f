import { isMonthOrMinute, parseDuration } from "../interval/duration.ts";
import { durationOfOthers } from "../interval/every.ts";
import { type Parsed, type ScheduleFault, fault, parsed } from "../fault.ts";
import { datesOfMonths } from "../interval/months.ts";
import { type Phrase, readPhrase } from "./phrase.ts";
import { parseSpokenTime } from "../calendar/time-of-day.ts";
import { isZone } from "../zone/zone.ts";
import { instantOfWall } from "../zone/zone-clock.ts";
import { splitZones, zoneAtEnd } from "../zone/zone-in-text.ts";
import { showZoneTime } from "../zone/zone-time.ts";

/** The object that a short string stands for, still to be validated like any object. */
export type TextReading =
  | { readonly cron: string; readonly timezone?: string }
  | { readonly every: string }
  | {
      readonly interval: "daily" | "weekly" | "monthly";
      readonly at: string;
      readonly on: string | number | null;
      readonly timezone?: string;
    }
  | { readonly at: string; readonly timezone?: string };

/** A nickname, EventBridge's form, four fields or more of which the first two have digits or stars, or five to seven with a lone `*`. */
const CRON_LIKE =
  /^(?:@[a-z_]+|cron ?\(.*\)|[a-z?/,#-]*[\d*]\S* [a-z?/,#-]*[\d*]\S*(?: \S+){2,}|(?=.* \*(?: |$))(?![a-z]{2})\S+(?: \S+){4,6})$/i;

const ISO_LIKE = /^(\d{4}-\d{1,2}-\d{1,2})(?:(?:t| at | )(\S.*))?$/i;

const DAY_MS = 86_400_000;

const AT_TIME = /^(.+?) at (.+)$/i;

/** An unambiguous time needs no `at`. */
const TIME_AT_END = /^(.+?) (\d{1,2}:\d\d(?::\d\d)?(?: ?[ap]m)?|\d{1,2} ?[ap]m|noon|midnight)$/i;

/** Reads a line with single blanks. The suggestions of its faults still have to be tried. */
export function readText(line: string): Parsed<TextReading> {
  const { rest, timezones } = splitZones(line);
  const [timezone, other] = timezones;
  if (timezone !== undefined && other !== undefined) {
    const choices = timezones.map((zone) => `${rest}${zoneAtEnd(zone)}`);
    return fault("bad_schedule_text", `"${line}" names two time zones, ${timezone} and ${other}`, choices);
  }
  const zone = timezone === undefined ? {} : { timezone };
  if (CRON_LIKE.test(rest)) return parsed({ cron: rest, ...zone });
  const instant = ISO_LIKE.exec(rest);
  if (instant !== null) return fromDate(instant, zone);
  const every = durationOfOthers(rest);
  if (every !== null) return faultOfMonthOrMinute(`every ${every}`, zoneText(zone)) ?? fromEvery(every, { at: null, zone });
  const oneTime = ISO_LIKE.exec(/^at ?\( ?(.+?) ?\)$/i.exec(rest)?.[1] ?? ""); // EventBridge, in UTC if it names no zone.
  if (oneTime !== null)
    return fromDate(oneTime, /(?:z|[+-]\d\d(?::?\d\d)?)$/i.test(oneTime[2] ?? "") ? zone : { timezone: "UTC", ...zone });
  const [, hours = "1", minute] = /^(?:hourly|every (?:(\d{1,2}) )?hours?) (?:at )?:([0-5]\d)$/i.exec(rest) ?? [];
  if (minute !== undefined && 24 % Number(hours) === 0)
    return parsed({ cron: `${Number(minute)} ${Number(hours) === 1 ? "*" : `*/${Number(hours)}`} * * *`, ...zone });
  const [, beforeTime = rest, time] = AT_TIME.exec(rest) ?? TIME_AT_END.exec(rest) ?? [];
  const ambiguous = faultOfMonthOrMinute(beforeTime, `${time === undefined ? "" : ` at ${time}`}${zoneText(zone)}`);
  if (ambiguous !== null) return ambiguous;
  const phrase = readPhrase(beforeTime.toLowerCase());
  if (phrase === null) return fault("bad_schedule_text", `"${line}" is no schedule: "${beforeTime}" is not understood`);
  const at = parseSpokenTime(time ?? "00:00");
  if (at.kind === "fault") return at;
  return fromPhrase(phrase, { at: time === undefined ? null : at.value, zone });
}

type Zone = { readonly timezone?: string };

const zoneText = ({ timezone }: Zone): string => (timezone === undefined ? "" : zoneAtEnd(timezone));

/** `every 1M` is ambiguous: a month or a minute. */
function faultOfMonthOrMinute(text: string, atAndZone: string): ScheduleFault | null {
  const duration = /^every (.+)$/i.exec(text)?.[1] ?? "";
  if (!isMonthOrMinute(duration)) return null;
  const monthly = Number.parseInt(duration, 10) === 1 ? [`monthly${atAndZone}`] : [];
  const minutes = atAndZone.startsWith(" at ") ? [] : [`every ${duration.toLowerCase()}`];
  const choices = [...minutes, ...monthly];
  return fault("bad_schedule_text", `"${text}" may be months or minutes`, choices);
}

function fromPhrase(phrase: Phrase, { at, zone }: { at: string | null; zone: Zone }): Parsed<TextReading> {
  switch (phrase.kind) {
    case "every":
      return fromEvery(phrase.every, { at, zone });
    case "hourly":
      if (at !== null) return faultOfHourlyAt(at, zone);
      return parsed({ cron: "0 * * * *", ...zone });
    case "days":
      return parsed({ cron: `${cronTime(at)} ${phrase.days}`, ...zone });
    case "weeks": {
      const every = `${phrase.weeks}w`;
      return faultOfDaysAt(`"every ${every}" is a fixed interval`, { every, at: at ?? "00:00", zone, day: phrase.day });
    }
    case "months":
      return faultOfMonths(phrase.months, { at, zone });
    case "calendar":
      return parsed({ interval: phrase.interval, at: at ?? "00:00", on: phrase.on, ...zone });
  }
}

function fromEvery(every: string, { at, zone }: { at: string | null; zone: Zone }): Parsed<TextReading> {
  if (at !== null && every === "1d") return parsed({ interval: "daily", at, on: null, ...zone });
  const problem = `"every ${every}" is a fixed interval`;
  if (at !== null && every === "1h") return faultOfHourlyAt(at, zone);
  if (at !== null && isOfDays(every)) return faultOfDaysAt(problem, { every, at, zone });
  if (at !== null) return fault("bad_schedule_text", `${problem} and has no time of day`, [`every ${every}`]);
  if (zone.timezone !== undefined) return fault("bad_schedule_text", `${problem} and has no time zone`, [`every ${every}`]);
  return parsed({ every });
}

const isOfDays = (every: string): boolean => {
  const ms = parseDuration(every);
  return ms.kind === "parsed" && ms.value % DAY_MS === 0;
};

/** A Friday, as the example of a `startAt`. */
const SHOWN_DATE = Date.UTC(2027, 0, 1);

/** `every 2 days at 09:00`, `every other monday`: the day to count from is unknown. */
function faultOfDaysAt(
  problem: string,
  { every, at, zone, day = 5 }: { every: string; at: string; zone: Zone; day?: number },
): ScheduleFault {
  const date = new Date(SHOWN_DATE + ((day + 2) % 7) * DAY_MS).toISOString().slice(0, 10);
  const { timezone } = zone;
  const inZone = timezone !== undefined && isZone(timezone);
  const wall = Date.parse(`${date}T${at}Z`);
  const instead = { every, startAt: inZone ? showZoneTime(timezone, instantOfWall(timezone, wall)) : `${date}T${at}Z` };
  const form = `{"every": "${every}", "startAt": "${instead.startAt}"}`;
  const noZone = zone.timezone === undefined ? "" : ", and has no time zone";
  return fault("bad_schedule_text", `${problem}, counted from its startAt${noZone}: write ${form}, with the first day that is meant`, [
    instead,
  ]);
}

/** A time in the first hour is meant as a minute of every hour. */
function faultOfHourlyAt(at: string, zone: Zone): ScheduleFault {
  const [hour, minute, second] = at.split(":").map(Number);
  const instead = hour === 0 ? `${second === undefined ? "" : `${second} `}${minute} * * * *` : "hourly";
  return fault("bad_schedule_text", `every hour has no time of day`, [`${instead}${zoneText(zone)}`]);
}

/** The first fields of a cron line: minute and hour, and before them a second that is not 0. */
const cronTime = (at: string | null): string => (at ?? "00:00").split(":").map(Number).toReversed().join(" ");

/** Months differ in length. If the number of months divides a year, a cron line counts them from January. */
function faultOfMonths(months: number, { at, zone }: { at: string | null; zone: Zone }): ScheduleFault {
  const dates = datesOfMonths(months);
  const choices = dates === null ? [] : [`${cronTime(at)} ${dates}${zoneText(zone)}`];
  return fault("bad_schedule_text", `${months} months are no fixed interval, and a cron line counts months from January`, choices);
}

/** A time of day after a date may be written in spoken form. */
function fromDate([text, date = "", time]: readonly string[], zone: Zone): Parsed<TextReading> {
  if (time === undefined)
    return fault("bad_instant", `"${text}" has no time of day`, [`${date} 00:00${zoneText({ timezone: "UTC", ...zone })}`]);
  const spoken = /^\d\d:/.test(time) ? null : parseSpokenTime(time);
  return parsed({ at: `${date}T${spoken?.kind === "parsed" ? spoken.value : time.replace(/ (?=[+-]\d)/, "")}`, ...zone });
}
