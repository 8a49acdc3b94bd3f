import type { Instant } from "../../time/instant.ts";
import type { Schedule } from "../schedule.ts";
import { segmentAt } from "./zone-clock.ts";

const MINUTE_MS = 60_000;

/** The zone of a schedule; UTC if it has none. */
export function scheduleZone(schedule: Schedule): string {
  if (schedule.kind === "cron" || schedule.kind === "calendar") return schedule.timezone;
  return schedule.kind === "instant" ? (schedule.local?.timezone ?? "UTC") : "UTC";
}

/**
 * An instant on the clock of a zone: `2026-03-29T03:00:00.000+02:00`. ISO 8601 has no offsets with seconds, which existed
 * until 1972 (Africa/Monrovia): then the offset is rounded, as Temporal rounds it, and the local time is exact.
 */
export function showZoneTime(zone: string, instant: Instant): string {
  const { offsetMs } = segmentAt(zone, instant);
  const minutes = Math.round(Math.abs(offsetMs) / MINUTE_MS);
  const [hour, minute] = [Math.floor(minutes / 60), minutes % 60].map((n) => String(n).padStart(2, "0"));
  return new Date(instant + offsetMs).toISOString().replace("Z", `${offsetMs < 0 ? "-" : "+"}${hour}:${minute}`);
}
