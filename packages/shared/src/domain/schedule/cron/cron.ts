import type { Instant } from "../../time/instant.ts";
import { boundedCache } from "../bounded-cache.ts";
import { isFixedTime } from "./cron-line.ts";
import { nextWallTime } from "./cron-wall.ts";
import { INSTANT_MAX } from "../calendar/iso-time.ts";
import { instantOfWall, segmentAt } from "../zone/zone-clock.ts";

export type CronTimes = { readonly cron: string; readonly timezone: string };

/** Pairs of line and zone whose latest answers are kept (at most twice this many), 300 bytes each. */
const ANSWERS_MAX = 5_000;

/** Consecutive answers that are kept of each: more than one job shows. */
const NEXTS_MAX = 8;

/** For every `after` with `from <= after`, the next instant is the first of `nexts` that is later; null: there are no more. */
type Answers = { readonly from: Instant; readonly nexts: readonly (Instant | null)[] };

const answers = boundedCache<string, Answers>(ANSWERS_MAX);

/**
 * `firstCronInstant` with a cache: thousands of jobs with one line and zone need the same instants, and so does each request for a
 * job. A cached answer costs about 0.1 us, another 2 to 30 us.
 */
export function nextCronInstant({ cron, timezone }: CronTimes, after: Instant): Instant | null {
  const key = `${cron}|${timezone}`;
  const known = answers.get(key);
  const found = known === undefined || after < known.from ? undefined : known.nexts.find((next) => next === null || next > after);
  if (found !== undefined) return found;
  const next = firstCronInstant({ cron, timezone }, after);
  answers.set(key, known?.nexts.at(-1) === after ? continued(known, next) : { from: after, nexts: [next] });
  return next;
}

function continued({ from, nexts }: Answers, next: Instant | null): Answers {
  const [oldest = null, ...others] = nexts;
  return nexts.length < NEXTS_MAX || oldest === null ? { from, nexts: [...nexts, next] } : { from: oldest, nexts: [...others, next] };
}

/**
 * The first instant strictly after `after` that the line produces in the zone, or null if none comes before the year
 * 10000. Line and zone must be valid.
 *
 * A line of fixed times fires each of them once: a skipped time fires at the first instant after the gap, and a time
 * that occurs twice fires the first time. Any other line follows the clock: it fires at every instant whose
 * wall-clock time matches, so skipped times do not fire and repeated times fire again.
 */
export function firstCronInstant(times: CronTimes, after: Instant): Instant | null {
  const next = isFixedTime(times.cron) ? nextFixed(times, after) : nextFollowing(times, after);
  return next === null || next > INSTANT_MAX ? null : next;
}

function nextFixed({ cron, timezone }: CronTimes, after: Instant): Instant | null {
  const segment = segmentAt(timezone, after);
  // In the second pass of a fold, all wall times of the first pass have fired.
  const shown = segment.from === -Infinity ? -Infinity : segment.from + segmentAt(timezone, segment.from - 1).offsetMs - 1;
  const wall = nextWallTime(cron, Math.max(after + segment.offsetMs, shown));
  return wall === null ? null : instantOfWall(timezone, wall, after);
}

function nextFollowing({ cron, timezone }: CronTimes, after: Instant): Instant | null {
  let segment = segmentAt(timezone, after);
  let reached = after;
  while (reached <= INSTANT_MAX) {
    const wall = nextWallTime(cron, reached + segment.offsetMs);
    if (wall === null) return null;
    if (wall - segment.offsetMs < segment.to) return wall - segment.offsetMs;
    reached = segment.to - 1; // The first instant of the next segment counts too.
    segment = segmentAt(timezone, segment.to);
  }
  return null;
}
