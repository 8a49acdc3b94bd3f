// An independent oracle: it shares no code with the schedules it checks, neither croner nor our zones, calendar or rule for
// changes of the clock. It reads a clock second by second or minute by minute.

/** One reading of a zone's clock; `wall` is the local time, as if it were UTC. */
export type Reading = { readonly at: number; readonly wall: number };

/** Reads the clock of a zone every `stepMs` from `from` to `to`, both inclusive. */
export function readClock(zone: string, { from, to, stepMs }: { from: number; to: number; stepMs: number }): Reading[] {
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
  const readings: Reading[] = [];
  for (let at = from; at <= to; at += stepMs) readings.push({ at, wall: Date.parse(`${format.format(at).replace(" ", "T")}Z`) });
  return readings;
}

/** Every reading with a matching time: for lines that follow the clock. */
export const instantsShown = (readings: readonly Reading[], matches: (wall: number) => boolean): number[] =>
  readings.slice(1).flatMap(({ at, wall }) => (matches(wall) ? [at] : []));

/** Every reading at which the clock reaches or passes a matching time that it had not reached before: each time of day once. */
export function instantsReached(readings: readonly Reading[], matches: (wall: number) => boolean, stepMs: number): number[] {
  const instants: number[] = [];
  let reached = readings[0]?.wall ?? 0;
  for (const { at, wall } of readings.slice(1)) {
    let hit = false;
    for (; reached < wall; reached += stepMs) hit ||= matches(reached + stepMs);
    if (hit) instants.push(at);
  }
  return instants;
}

/** All instants of a cron line in a range of readings, except the first reading. */
export function bruteForceCron(cron: string, readings: readonly Reading[], stepMs: number): number[] {
  const times = cron.split(" ").slice(0, -3).join("");
  const matches = cronMatcher(cron);
  return times.includes("*") ? instantsShown(readings, matches) : instantsReached(readings, matches, stepMs);
}

const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const DAYS = "sun mon tue wed thu fri sat".split(" ");

/** Tells whether a wall-clock time matches a cron line. */
export function cronMatcher(cron: string): (wall: number) => boolean {
  const texts = cron.toLowerCase().split(" ");
  const [second = "", minute = "", hour = "", day = "", month = "", weekday = ""] = texts.length === 5 ? ["0", ...texts] : texts;
  const seconds = expandField(second, 0, 59);
  const minutes = expandField(minute, 0, 59);
  const hours = expandField(hour, 0, 23);
  const months = expandField(named(month, MONTHS, 1), 1, 12);
  const matchesDay = rememberedByDay(dayMatcher(day, named(weekday, DAYS, 0)));
  return (wall) => {
    const date = new Date(wall);
    if (!seconds.has(date.getUTCSeconds()) || !minutes.has(date.getUTCMinutes()) || !hours.has(date.getUTCHours())) return false;
    return months.has(date.getUTCMonth() + 1) && matchesDay(date);
  };
}

/** To match a day of the month, the whole month is read; this is done once a day, not once a second. */
function rememberedByDay(matches: (date: Date) => boolean): (date: Date) => boolean {
  const answers = new Map<number, boolean>();
  return (date) => {
    const day = Math.floor(date.getTime() / 86_400_000);
    const answer = answers.get(day) ?? matches(date);
    answers.set(day, answer);
    return answer;
  };
}

function dayMatcher(day: string, weekday: string): (date: Date) => boolean {
  const anyDay = day === "*" || day === "?";
  const anyWeekday = weekday === "*" || weekday === "?";
  const byDay = (date: Date): boolean => day.split(",").some((item) => isDayOfMonth(item, date));
  const byWeekday = (date: Date): boolean => weekday.split(",").some((item) => isDayOfWeek(item, date));
  if (anyDay) return (date) => anyWeekday || byWeekday(date);
  return anyWeekday ? byDay : (date) => byDay(date) || byWeekday(date);
}

const isWeekend = (year: number, month: number, day: number): boolean => [0, 6].includes(new Date(Date.UTC(year, month, day)).getUTCDay());

function isDayOfMonth(item: string, date: Date): boolean {
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  if (item === "l") return day === last;
  const workdays = Array.from({ length: last }, (_, i) => i + 1).filter((candidate) => !isWeekend(year, month, candidate));
  if (item === "lw") return day === workdays.at(-1);
  const [before, count, weekday = ""] = /^l-(\d+)(w?)$/.exec(item) ?? [];
  if (before !== undefined) return last - Number(count) >= 1 && isDayOfMonth(`${last - Number(count)}${weekday}`, date);
  if (!item.endsWith("w")) return expandField(item, 1, 31).has(day);
  const wanted = Number.parseInt(item, 10);
  if (wanted > last) return false;
  const distance = (candidate: number): number => Math.abs(candidate - wanted);
  return day === workdays.toSorted((a, b) => distance(a) - distance(b))[0];
}

function isDayOfWeek(item: string, date: Date): boolean {
  const [, from = "", suffix = ""] = /^(.*?)(l|#\d)?$/.exec(item) ?? [];
  const weekdays = new Set([...expandField(from, 0, from.startsWith("*") ? 6 : 7)].map((weekday) => weekday % 7));
  if (!weekdays.has(date.getUTCDay())) return false;
  const day = date.getUTCDate();
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  if (suffix === "l") return day + 7 > last;
  return suffix === "" || Math.ceil(day / 7) === Number(suffix.slice(1));
}

function named(text: string, names: readonly string[], first: number): string {
  const sunday = text.replaceAll("-sun", "-7");
  return sunday.replace(/[a-z]{3}/g, (name) => String(names.indexOf(name) + first));
}

function expandField(text: string, min: number, max: number): Set<number> {
  const values = new Set<number>();
  for (const item of text.split(",")) {
    const [range = "", step = "1"] = item.split("/");
    const [from = min, to = from] = range === "*" ? [min, max] : range.split("-").map(Number);
    for (let value = from; value <= to; value += Number(step)) values.add(value);
  }
  return values;
}
