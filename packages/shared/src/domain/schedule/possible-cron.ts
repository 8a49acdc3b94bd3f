import { parseCron } from "./cron-line.ts";
import { durationOfOthers, parseEvery } from "./every.ts";
import { type Parsed, type ScheduleFault, fault } from "./fault.ts";
import { faultOfImpossibleDays } from "./never-fires.ts";
import { isZone } from "./zone.ts";
import { splitZones } from "./zone-in-text.ts";

/** Reads the `cron` of a schedule: a cron line that matches some day of some year, and nothing that belongs into another field. */
export function parsePossibleCron(text: string): Parsed<string> {
  const line = text.trim().replace(/\s+/g, " ");
  const elsewhere = faultOfInterval(line) ?? faultOfZone(line);
  if (elsewhere !== null) return elsewhere;
  const cron = parseCron(line);
  return cron.kind === "fault" ? cron : (faultOfImpossibleDays(cron.value) ?? cron);
}

function faultOfInterval(line: string): ScheduleFault | null {
  const every = durationOfOthers(line);
  if (every === null) return null;
  const problem = `"${line}" is a fixed interval, which stands in the field every`;
  return parseEvery(every).kind === "parsed"
    ? fault("bad_cron", `${problem}: write {"every": "${every}"}`, [{ every }])
    : fault("bad_cron", problem);
}

function faultOfZone(line: string): ScheduleFault | null {
  const { rest: cron, timezones } = splitZones(line);
  const [timezone, other] = timezones;
  if (timezone === undefined) return null;
  const problem = `"${line}" names a time zone, which stands in the field timezone`;
  return other === undefined && isZone(timezone) && parsePossibleCron(cron).kind === "parsed"
    ? fault("bad_cron", `${problem}: write {"cron": "${cron}", "timezone": "${timezone}"}`, [{ cron, timezone }])
    : fault("bad_cron", problem);
}
