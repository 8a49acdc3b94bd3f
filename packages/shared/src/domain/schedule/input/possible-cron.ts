import { parseCron } from "../cron/cron-line.ts";
import { durationOfOthers, parseEvery } from "../interval/every.ts";
import { type Parsed, type ScheduleFault, fault } from "../fault.ts";
import { faultOfImpossibleDays } from "../never-fires.ts";
import { plainLine } from "../plain-line.ts";
import { readText } from "../text/read-text.ts";
import { isZone } from "../zone/zone.ts";
import { splitZones } from "../zone/zone-in-text.ts";

/** Reads the `cron` of a schedule: a cron line that matches some day of some year, and nothing that belongs into another field. */
export function parsePossibleCron(text: string): Parsed<string> {
  const line = plainLine(text);
  const elsewhere = faultOfInterval(line) ?? faultOfZone(line);
  if (elsewhere !== null) return elsewhere;
  const cron = parseCron(line);
  return cron.kind === "fault" ? (faultOfWords(line) ?? cron) : (faultOfImpossibleDays(cron.value) ?? cron);
}

/** Words of a short string without a calendar interval: `every 5 minutes`, `weekdays at 9am`. */
function faultOfWords(line: string): ScheduleFault | null {
  const read = readText(line);
  if (read.kind === "fault" || !("cron" in read.value || "every" in read.value)) return null;
  const problem = `"${line}" is a short string, which stands in the place of the whole schedule`;
  const meant = "every" in read.value ? { every: read.value.every } : { cron: read.value.cron };
  const accepted = "every" in meant ? parseEvery(meant.every) : parseCron(meant.cron);
  if (accepted.kind === "fault") return null;
  const [[field, text] = []] = Object.entries(meant);
  return fault("bad_cron", `${problem}: write {"${field}": "${text}"}`, [meant]);
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
