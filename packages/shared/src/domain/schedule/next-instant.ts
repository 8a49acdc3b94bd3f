import type { Instant } from "../time/instant.ts";
import { calendarCron } from "./calendar/calendar.ts";
import { nextCronInstant } from "./cron/cron.ts";
import { INSTANT_MAX, INSTANT_MIN } from "./calendar/iso-time.ts";
import type { EverySchedule, Schedule } from "./schedule.ts";

/** `anchorAt` is where a fixed interval without `startAt` is counted from: the creation of its job, or the edit that changed it. */
export type After = { readonly anchorAt: Instant; readonly after: Instant };

/**
 * The first nominal instant strictly after `after`, neither before `startAt` nor after `endAt` (both inclusive), or null
 * if there are no more. Does not know `maxRuns`: the caller counts. A pure function of its arguments and of the
 * runtime's time zone data; its caches only save work. Throws if this process cannot evaluate a stored schedule:
 * its zone is not in the time zone data, its kind is one of a newer version, or its cron line is refused.
 */
export function nextInstant(schedule: Schedule, { anchorAt, after }: After): Instant | null {
  const { startAt, endAt } = schedule;
  const notAfter = endAt ?? INSTANT_MAX;
  const from = Math.max(after, (startAt ?? INSTANT_MIN) - 1);
  if (from >= notAfter) return null;
  const next = nextUnbounded(schedule, { anchorAt, after: from });
  if (next === null) return null;
  // A caller that continues after each answer must reach an end.
  if (!(next > from && next <= Number.MAX_SAFE_INTEGER))
    throw new RangeError(`the schedule gives ${String(next)} as the instant after ${from}`);
  return next > notAfter ? null : next;
}

/** At most `count` instants in order, the first one strictly after `after`: a preview. */
export function instantsAfter(schedule: Schedule, { anchorAt, after, count }: After & { readonly count: number }): Instant[] {
  const instants: Instant[] = [];
  while (instants.length < count) {
    const next = nextInstant(schedule, { anchorAt, after: instants.at(-1) ?? after });
    if (next === null) break;
    instants.push(next);
  }
  return instants;
}

function nextUnbounded(schedule: Schedule, { anchorAt, after }: After): Instant | null {
  switch (schedule.kind) {
    case "every": {
      const { firstAt, everyMs } = everySeries(schedule, anchorAt);
      return after < firstAt ? firstAt : firstAt + (Math.floor((after - firstAt) / everyMs) + 1) * everyMs;
    }
    case "instant":
      return schedule.at > after ? schedule.at : null;
    case "cron":
      return nextCronInstant(schedule, after);
    case "calendar":
      return nextCronInstant({ cron: calendarCron(schedule), timezone: schedule.timezone }, after);
    default:
      return unknownKind(schedule);
  }
}

/** A kind of a newer version, or of the placeholder for a definition that cannot be read. */
function unknownKind(schedule: never): never {
  throw new TypeError(`this version knows no schedules of kind ${JSON.stringify((schedule as { kind?: unknown }).kind)}`);
}

/**
 * The series of a fixed interval: `firstAt + n * everyMs`, n from 0. `startAt` is itself an instant; an anchor is not: the
 * first instant is one interval after it.
 */
export function everySeries({ everyMs, startAt }: EverySchedule, anchorAt: Instant): { firstAt: Instant; everyMs: number } {
  return { firstAt: startAt ?? anchorAt + everyMs, everyMs };
}
