import { z } from "zod";
import { evaluate } from "../evaluation.ts";
import { type Instant, toIso, toIsoOrNull } from "../time/instant.ts";
import { showDuration } from "./interval/duration.ts";
import type { Schedule, ScheduleBounds } from "./schedule.ts";

const instant = z.iso.datetime({ precision: 3 });

const bounds = {
  startAt: instant.nullable().meta({ description: "No instant before this one." }),
  endAt: instant.nullable().meta({ description: "No instant after this one." }),
  maxRuns: z.int().nullable().meta({ description: "How many scheduled runs there are at most." }),
};

const CronView = z.object({ cron: z.string(), timezone: z.string(), ...bounds });
const EveryView = z.object({ every: z.string(), ...bounds });
const CalendarView = z.object({
  interval: z.enum(["daily", "weekly", "monthly"]),
  at: z.string(),
  on: z.union([z.string(), z.int()]).nullable(),
  timezone: z.string(),
  ...bounds,
});
const InstantView = z.object({ at: z.string(), timezone: z.string().nullable(), ...bounds });

/** A schedule as every answer shows it: always the object, with null for absent fields. A client may send it back. */
export const ScheduleView = z.union([CronView, EveryView, CalendarView, InstantView]).meta({
  id: "Schedule",
  description: "When a job fires, in full: what was left out or written as a short string is filled in.",
  examples: [
    { cron: "0 2 * * *", timezone: "Europe/Berlin", startAt: null, endAt: null, maxRuns: null },
    { every: "15m", startAt: null, endAt: null, maxRuns: null },
    { interval: "weekly", at: "09:00", on: "monday", timezone: "UTC", startAt: null, endAt: null, maxRuns: null },
    { at: "2026-12-01T09:00:00.000Z", timezone: null, startAt: null, endAt: null, maxRuns: 1 },
  ],
});
export type ScheduleView = z.infer<typeof ScheduleView>;

/** The wire form of a schedule. `ScheduleInput` reads it back as an equal schedule. */
export function showSchedule(schedule: Schedule): ScheduleView {
  switch (schedule.kind) {
    case "cron":
      return { cron: schedule.cron, timezone: schedule.timezone, ...showBounds(schedule) };
    case "every":
      return { every: showDuration(schedule.everyMs), ...showBounds(schedule) };
    case "calendar": {
      const { interval, at, on, timezone } = schedule;
      return { interval, at, on, timezone, ...showBounds(schedule) };
    }
    case "instant":
      return { ...showInstant(schedule), ...showBounds(schedule) };
  }
}

/** The same for a schedule that another version may have stored. Null: this version cannot represent it. */
export function showStoredSchedule(schedule: Schedule): ScheduleView | null {
  const shown = evaluate<ScheduleView | undefined>(() => showSchedule(schedule));
  return shown.kind === "evaluated" ? (shown.value ?? null) : null;
}

const showInstant = ({
  at,
  local,
}: {
  at: Instant;
  local: { at: string; timezone: string } | null;
}): { at: string; timezone: string | null } =>
  local === null ? { at: toIso(at), timezone: null } : { at: local.at, timezone: local.timezone };

const showBounds = ({
  startAt,
  endAt,
  maxRuns,
}: ScheduleBounds): { startAt: string | null; endAt: string | null; maxRuns: number | null } => ({
  startAt: toIsoOrNull(startAt),
  endAt: toIsoOrNull(endAt),
  maxRuns,
});
