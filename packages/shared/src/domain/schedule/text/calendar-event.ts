/** Days of the week, a date with a year or without, a time. Each may be left out, but not all of them. */
const EVENT =
  /^(?:([a-z]{3,}(?:(?:,|\.\.|-)[a-z]{3,})*)(?: |$))?(?:(?:(\S+)-)?([\d*,./]+)-([\d*,./]+)(?: |$))?(?:([\d*,./]+):([\d*,./]+)(?::([\d*,./]+))?)?$/i;

/** The cron line for a calendar event of systemd (`Mon..Fri *-*-* 09:00`, `*:0/15`); none if no line can express it, as with years, or with days that have to match both fields. */
export function cronOfCalendarEvent(event: string): string[] {
  const match = EVENT.exec(event);
  if (match === null) return [];
  const [, weekdays, years = "*", month = "*", day = "*", ...time] = match;
  const [hour = "0", minute = "0", second = "0"] = time;
  const date = !(month === "*" && day === "*");
  if (years !== "*" || (date && weekdays !== undefined) || (weekdays === undefined && match[3] === undefined && match[5] === undefined))
    return [];
  const fields = [...(Number(second) === 0 ? [] : [second]), minute, hour, day, month, weekdays ?? "*"];
  return [fields.map(toCronField).join(" ")];
}

/** In cron, ranges have a dash, and numbers have no leading zeros. */
const toCronField = (text: string): string => text.replaceAll("..", "-").replace(/\d+/g, (digits) => String(Number(digits)));
