const UNITS: Readonly<Record<string, string>> = { SECONDLY: "s", MINUTELY: "m", HOURLY: "h", DAILY: "d", WEEKLY: "w" };

/** The short string for a recurrence rule of iCalendar (`FREQ=WEEKLY;BYDAY=MO;BYHOUR=9`) with the usual parts; none for other rules, or if the time of day comes from DTSTART. */
export function textOfRecurrenceRule(rule: string): string[] {
  const parts = new Map(rule.split(";").map((part) => part.toUpperCase().split("=", 2) as [string, string]));
  const known = ["FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYHOUR", "BYMINUTE"];
  if ([...parts.keys()].some((part) => !known.includes(part))) return [];
  const [freq = "", interval = "1"] = [parts.get("FREQ"), parts.get("INTERVAL")];
  const by = known.slice(2).filter((part) => parts.has(part));
  if (by.length === 0)
    return UNITS[freq] === undefined || (interval === "1" && /^(?:DAILY|WEEKLY)$/.test(freq)) ? [] : [`every ${interval}${UNITS[freq]}`];
  if (interval !== "1" || !parts.has("BYHOUR") || !hasDays(freq, by)) return [];
  const field = (part: string, absent: string): string => parts.get(part)?.replace(/^-1$/, "L") ?? absent;
  const weekdays = parts.get("BYDAY")?.replace(/(-?\d)?([A-Z]{2})/g, (_, nth: string | undefined, day: string) => toCronWeekday(day, nth));
  return [`${field("BYMINUTE", "0")} ${field("BYHOUR", "0")} ${field("BYMONTHDAY", "*")} ${field("BYMONTH", "*")} ${weekdays ?? "*"}`];
}

/** Parts of a week, a month or a year that are left out come from DTSTART. In rules, day of month and day of week must both match. */
function hasDays(freq: string, by: readonly string[]): boolean {
  if (by.includes("BYDAY") && by.includes("BYMONTHDAY")) return false;
  const days = by.includes("BYDAY") || by.includes("BYMONTHDAY");
  return freq === "DAILY" || (days && (freq === "WEEKLY" || freq === "MONTHLY" || (freq === "YEARLY" && by.includes("BYMONTH"))));
}

const DAYS: Readonly<Record<string, string>> = { MO: "MON", TU: "TUE", WE: "WED", TH: "THU", FR: "FRI", SA: "SAT", SU: "SUN" };

const toCronWeekday = (day: string, nth: string | undefined): string =>
  `${DAYS[day] ?? day}${nth === undefined ? "" : nth === "-1" ? "L" : `#${nth}`}`;
