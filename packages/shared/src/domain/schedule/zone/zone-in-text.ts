/** A zone at the end of a text: `UTC`, or a name with a slash before a letter (`MON-FRI/2` is none). */
const ZONE_AT_END = /^(.+?)\s+(?:in\s+)?(utc|gmt|[a-z_]+(?:\/[a-z][a-z0-9_+-]*)+)$/i;

/** After `in`, any last word is meant as a zone: `in Japan`. */
const IN_ZONE_AT_END = /^(.+?)\s+in\s+(\S+)$/i;

/** As in the tables of cron and in Go. */
const ZONE_IN_FRONT = /^(?:CRON_)?TZ=["']?([^\s"']+)["']?\s+(.+)$/i;

/** In front of the fields in `cron( )`. */
const ZONE_INSIDE = /^cron ?\( ?((?:CRON_)?TZ=\S+) (.+\).*)$/i;

/** A line with single blanks, separated from the time zones it names: at its start, at its end, or both. */
export function splitZones(line: string): { readonly rest: string; readonly timezones: readonly string[] } {
  const [, inFront, behind = line] = ZONE_IN_FRONT.exec(line.replace(ZONE_INSIDE, "$1 cron($2")) ?? [];
  const [, rest = behind, atEnd] = IN_ZONE_AT_END.exec(behind) ?? ZONE_AT_END.exec(behind) ?? [];
  return { rest, timezones: [inFront, atEnd].filter((zone) => zone !== undefined) };
}

/** A zone as it is written after a text: names without a slash need `in`. */
export const zoneAtEnd = (timezone: string): string => (ZONE_AT_END.test(`x ${timezone}`) ? ` ${timezone}` : ` in ${timezone}`);
