import type { Instant } from "../time/instant.ts";
import { everySeries, nextInstant } from "./next-instant.ts";
import type { Schedule } from "./schedule.ts";

/** The instants in question: strictly after `after`, up to and including `until`. */
export type InstantRange = { readonly anchorAt: Instant; readonly after: Instant; readonly until: Instant };

/** The instants in a range; `complete` is false if counting stopped at the limit, and then `last` is where it stopped. */
export type InstantTally = {
  readonly count: number;
  readonly first: Instant | null;
  readonly last: Instant | null;
  readonly complete: boolean;
};

/**
 * Counts the nominal instants in a range, at most `countMax` of them, from the earliest on: those that an outage missed. O(1)
 * for fixed intervals whatever the limit; otherwise one `nextInstant` for each counted instant.
 */
export function countInstants(schedule: Schedule, { countMax, ...range }: InstantRange & { readonly countMax: number }): InstantTally {
  const first = nextInstant(schedule, range);
  if (first === null || first > range.until) return { count: 0, first: null, last: null, complete: true };
  if (schedule.kind === "every") {
    const all = Math.floor((Math.min(range.until, schedule.endAt ?? range.until) - first) / schedule.everyMs) + 1;
    const count = Math.min(all, countMax);
    return { count, first, last: first + (count - 1) * schedule.everyMs, complete: count === all };
  }
  let [count, last] = [1, first];
  for (;;) {
    const next = nextInstant(schedule, { anchorAt: range.anchorAt, after: last });
    if (next === null || next > range.until) return { count, first, last, complete: true };
    if (count >= countMax) return { count, first, last, complete: false };
    [count, last] = [count + 1, next];
  }
}

/** The latest nominal instant in a range, or null. O(1) for fixed intervals, else some 40 steps of a bisection, however long the range. */
export function lastInstantIn(schedule: Schedule, { anchorAt, after, until }: InstantRange): Instant | null {
  if (schedule.kind === "every") {
    const { firstAt, everyMs } = everySeries(schedule, anchorAt);
    const notAfter = Math.min(until, schedule.endAt ?? until);
    const last = firstAt + Math.floor((notAfter - firstAt) / everyMs) * everyMs;
    return last >= firstAt && last > after ? last : null;
  }
  let found = nextInstant(schedule, { anchorAt, after });
  if (found === null || found > until) return null;
  for (let end = until; found < end;) {
    // Between found and end: the step from the middle lands on a later instant, or shows that none is after the middle.
    const middle = found + Math.floor((end - found) / 2);
    const next = nextInstant(schedule, { anchorAt, after: middle });
    if (next === null || next > until) end = middle;
    else found = next;
  }
  return found;
}
