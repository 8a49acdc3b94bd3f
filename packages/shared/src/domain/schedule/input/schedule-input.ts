import { z } from "zod";
import { didYouMean } from "../../spelling/did-you-mean.ts";
import { NOT_BLANK_PATTERN } from "../../json/json-pattern.ts";
import { DOCUMENTED_OBJECTS } from "./documented-objects.ts";
import { type ScheduleFault, type Suggestion, fault } from "../fault.ts";
import { guidedUnion } from "./guided-union.ts";
import { meantBy, joinByOr, parseScheduleText } from "../text/parse-text.ts";
import { plainLine } from "../plain-line.ts";
import type { TextReading } from "../text/read-text.ts";
import type { Schedule } from "../schedule.ts";
import { addFault, scheduleText } from "./schedule-fields.ts";
import { CalendarObject, CronObject, EveryObject, InstantObject } from "./schedule-objects.ts";
import { isZone } from "../zone/zone.ts";
import { zoneAtEnd } from "../zone/zone-in-text.ts";

const OBJECTS = { cron: CronObject, every: EveryObject, interval: CalendarObject, at: InstantObject };
const objects = [CronObject, EveryObject, CalendarObject, InstantObject] as const;

const ScheduleObject = guidedUnion(objects, chooseOption);

const ScheduleText = scheduleText
  .meta({
    pattern: NOT_BLANK_PATTERN,
    format: "schedule",
    title: "Short string",
    description: "A schedule as a person types it.",
    examples: ["every 15m", "every monday at 09:00 Europe/Berlin", "0 9 * * 1-5", "weekly"],
  })
  .transform((text, ctx): Schedule => {
    const wire = parseScheduleText(text);
    if (wire.kind === "fault") {
      addFault(ctx, wire);
      return z.NEVER;
    }
    const schedule = ScheduleObject.safeParse(wire.value);
    if (schedule.success) return schedule.data;
    for (const issue of schedule.error.issues) addFault(ctx, withMeant(faultOfText(issue, wire.value), text));
    return z.NEVER;
  });

/** An instant in another form than ours, and a zone in another form behind a cron line. */
function withMeant(found: ScheduleFault, text: string): ScheduleFault {
  const isExplained = found.suggestions !== undefined || (found.code !== "bad_instant" && found.code !== "bad_cron");
  const meant = isExplained ? [] : meantBy(plainLine(text));
  return meant.length === 0 ? found : fault(found.code, `${found.message}; did you mean ${joinByOr(meant)}?`, meant);
}

/** The text has no fields, so every fault is one of the text; suggestions for its cron line keep its zone. */
function faultOfText({ message, ...issue }: z.core.$ZodIssue, reading: TextReading): ScheduleFault {
  const found = "params" in issue ? (issue.params as Partial<ScheduleFault> | undefined) : undefined;
  const zone = "timezone" in reading && reading.timezone !== undefined && isZone(reading.timezone) ? zoneAtEnd(reading.timezone) : "";
  const suggestions = found?.suggestions ?? [];
  const inZone = (suggestion: Suggestion): Suggestion => (typeof suggestion === "string" ? `${suggestion}${zone}` : suggestion);
  const lines = suggestions.filter((suggestion) => typeof suggestion === "string");
  const said = lines.reduce((text, line) => text.replace(` ${line}`, ` ${line}${zone}`), message);
  return fault(found?.code ?? "bad_schedule_text", said, suggestions.map(inZone));
}

/**
 * A schedule as requests may write it: an object of one of four kinds, distinguished by `cron`, `every`, `interval` or `at`,
 * or a short string. Parses to a `Schedule`. Faults are zod issues with the path of the field; those that are ours carry a
 * stable `params.code` (`ScheduleFaultCode`).
 */
export const ScheduleInput = guidedUnion(
  [ScheduleText, ...objects],
  (value) => (typeof value === "string" ? { option: ScheduleText } : chooseOption(value)),
  [ScheduleText, ...DOCUMENTED_OBJECTS],
).meta({
  id: "ScheduleInput",
  description:
    "When a job fires: a cron line, a fixed interval, an interval of the calendar, or one instant; or any of them as a short string.",
  example: { cron: "0 2 * * *", timezone: "Europe/Berlin" }, // Not examples: zod drops those of a schema that transforms.
});

/** What a request may send as a schedule. */
export type ScheduleWire = z.input<typeof ScheduleInput>;

type KindKey = keyof typeof OBJECTS;

function chooseOption(value: unknown): { option: (typeof objects)[number] } | { message: string; code: string } {
  const code = "bad_schedule";
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { code, message: 'a schedule is an object or a short string, such as {"every": "15m"} or "every 15m"' };
  const kinds = (["cron", "every", "interval"] as const).filter((key) => key in value);
  if (kinds.length > 1)
    return {
      code,
      message: `a schedule is of one kind, and this one has ${kinds.join(" and ")}: keep one of them; a PATCH sets the other one to null`,
    };
  const kind: KindKey | undefined = kinds[0] ?? ("at" in value ? "at" : undefined);
  return kind === undefined
    ? { code, message: `a schedule has one of the fields cron, every, interval and at, and this one has none${meantKind(value)}` }
    : { option: OBJECTS[kind] };
}

/** The kind that a field with a typing error means. */
function meantKind(value: object): string {
  const found = Object.keys(value).map((key) => didYouMean(key, Object.keys(OBJECTS)));
  return found.find((meant) => meant !== "") ?? "";
}
