import { toReason } from "../evaluation.ts";
import { FIRE_ENTRIES_MAX, scheduledEntry, type Fire, type FireEntry } from "./fire.ts";
import type { Instant } from "../time/instant.ts";
import { pickCursor, type Job, type OpenMisfires } from "../job/job.ts";
import { MISFIRE_COUNT_MAX, MISSED_AFTER_MS, misfiresKept } from "../policy/misfire.ts";
import { nextInstant } from "../schedule/next-instant.ts";
import { findUnknownPolicy } from "../job/unknown-policy.ts";

/** Most instants of one job that one tick enumerates: a week's outage of a job that fires every second never blocks the leader. */
export const JOB_INSTANTS_MAX = 1_000;
/**
 * Most instants that one tick enumerates for jobs with misfires to record, some 30 ms of work, and as many again for the others:
 * a job that catches up on a week must not delay jobs on time. Jobs beyond it wait for the next tick.
 */
export const TICK_INSTANTS_MAX = 10_000;

export interface TickPlan {
  readonly fires: readonly Fire[];
  /** Jobs that the tick's budget did not reach. */
  readonly postponed: readonly Job[];
  /** Jobs that this process cannot evaluate: they fire nothing, and stop no other. Absent: there are none. */
  readonly notEvaluated?: readonly NotEvaluated[];
}

/** A due job that cannot be evaluated, and the reason. */
export interface NotEvaluated {
  readonly job: Job;
  readonly reason: string;
}

/** Decides which instants fire, are skipped or are missed by `now`, and the next cursor of each job. */
export function planTick({ jobs, now }: { readonly jobs: readonly Job[]; readonly now: Instant }): TickPlan {
  const fires: Fire[] = [];
  const postponed: Job[] = [];
  const notEvaluated: NotEvaluated[] = [];
  const budget = { misfires: TICK_INSTANTS_MAX, onTime: TICK_INSTANTS_MAX };
  for (const job of jobs) {
    if (job.state !== "active" || job.nextRunAt === null || job.nextRunAt > now) continue;
    const kind = now - job.nextRunAt > MISSED_AFTER_MS ? "misfires" : "onTime";
    if (budget[kind] <= 0) {
      postponed.push(job);
      continue;
    }
    try {
      requireReadable(job);
      const owed = owedInstants(job, job.nextRunAt, now);
      budget[kind] -= owed.instants.length;
      fires.push(requireProgress(planJob(job, owed, now)));
    } catch (fault) {
      notEvaluated.push({ job, reason: toReason(fault) });
    }
  }
  return { fires, postponed, ...(notEvaluated.length > 0 && { notEvaluated }) };
}

function requireReadable({ unreadable, definition }: Job): void {
  const fault = unreadable ?? findUnknownPolicy(definition);
  if (fault !== null) throw new Error(fault);
}

/** A fire that does not advance its job would be planned again at once, in an endless loop. */
function requireProgress(fire: Fire): Fire {
  if (fire.advance?.nextRunAt === fire.job.nextRunAt) throw new Error("its plan leaves it at the instant where it is");
  return fire;
}

/**
 * Records misfires that are counted and not yet recorded, of a job that may never fire again because of an edit or a
 * deletion. Null: there are none. While a job is active another tick may still count, so the record has to move
 * the cursor: it includes the next instant, which the counting tick has seen pass, even if it lies ahead of this clock.
 * The count stops while a job is not active, and the next change clears it. For jobs without an
 * `evaluationFault`.
 */
export function closeMisfires(job: Job): Fire | null {
  const { misfires, nextRunAt, definition } = job;
  if (misfires === null) return null;
  if (job.state !== "active" || nextRunAt === null) return { job, advance: null, entries: [missedRange(job, misfires)] };
  const next = nextInstant(definition.schedule, { anchorAt: definition.anchorAt, after: nextRunAt });
  const range = missedRange(job, { ...misfires, last: nextRunAt, count: misfires.count + 1 });
  const state = next === null ? "finished" : job.state;
  return { job, advance: { ...pickCursor(job), nextRunAt: next, misfires: null, state }, entries: [range] };
}

interface Owed {
  /** Nominal instants up to now, in order; never empty. */
  readonly instants: readonly Instant[];
  /** The instant after them; null: the schedule ends with them. */
  readonly next: Instant | null;
}

function owedInstants(job: Job, first: Instant, now: Instant): Owed {
  const instants: Instant[] = [];
  let next: Instant | null = first;
  while (next !== null && next <= now && instants.length < JOB_INSTANTS_MAX) {
    instants.push(next);
    next = nextInstant(job.definition.schedule, { anchorAt: job.definition.anchorAt, after: next });
  }
  return { instants, next };
}

function planJob(job: Job, { instants, next }: Owed, now: Instant): Fire {
  const split = splitMisfires(job, instants, now);
  if (next !== null && next <= now && split.late.length === 0) {
    // There are more misfires than one tick may enumerate: only those that are missed in any case are decided now.
    const undecided = split.kept[0] ?? next;
    return { job, entries: [], advance: { ...pickCursor(job), nextRunAt: undecided, misfires: addMisfires(job.misfires, split.missed) } };
  }
  const misfires = addMisfires(job.misfires, split.missed);
  const range = misfires === null ? [] : [missedRange(job, misfires)];
  return makeFire(job, { range, toFire: [...split.kept, ...split.late], next, now });
}

interface Decided {
  readonly range: readonly FireEntry[];
  readonly toFire: readonly Instant[];
  readonly next: Instant | null;
  readonly now: Instant;
}

/** An instant that already passed by a clock that was ahead: it was fired then, or accounted for. */
const cameBefore = ({ lastScheduledFor }: Job, instant: Instant): boolean => lastScheduledFor !== null && instant <= lastScheduledFor;

/** Fires as many as fit into one write and as `maxRuns` still allows; the cursor stops at the first that did not fit. */
function makeFire(job: Job, { range, toFire, next, now }: Decided): Fire {
  const runsLeft = job.definition.schedule.maxRuns === null ? Infinity : Math.max(0, job.definition.schedule.maxRuns - job.firedCount);
  const fitting = toFire.slice(0, Math.min(FIRE_ENTRIES_MAX - range.length, runsLeft));
  const latest = fitting.at(-1);
  const firedCount = job.firedCount + fitting.filter((instant) => !cameBefore(job, instant)).length;
  const ended = fitting.length >= runsLeft;
  const nextRunAt = ended ? null : (toFire[fitting.length] ?? next);
  return {
    job,
    entries: [...range, ...fitting.map((instant) => makeEntry(job, instant, now))],
    advance: {
      nextRunAt,
      lastScheduledFor: latest === undefined || cameBefore(job, latest) ? job.lastScheduledFor : latest,
      firedCount,
      misfires: null,
      state: nextRunAt === null ? "finished" : job.state,
    },
  };
}

interface MisfireSplit {
  /** Instants that do not run. Those that already passed by a clock that was ahead are left out. */
  readonly missed: readonly Instant[];
  /** Misfires that the policy lets run: the latest ones. */
  readonly kept: readonly Instant[];
  /** Not older than `MISSED_AFTER_MS`: they fire normally. */
  readonly late: readonly Instant[];
}

function splitMisfires(job: Job, instants: readonly Instant[], now: Instant): MisfireSplit {
  const { misfire } = job.definition;
  const lateFrom = instants.findIndex((instant) => now - instant <= MISSED_AFTER_MS);
  const late = lateFrom === -1 ? [] : instants.slice(lateFrom);
  const misfires = instants.slice(0, instants.length - late.length).filter((instant) => !cameBefore(job, instant));
  const keepable = misfires.findIndex((instant) => now - instant <= misfire.maxLatenessMs);
  const keptMax = Math.min(misfiresKept(misfire), MISFIRE_COUNT_MAX);
  const keptFrom = keepable === -1 ? misfires.length : Math.max(keepable, misfires.length - keptMax);
  return { missed: misfires.slice(0, keptFrom), kept: misfires.slice(keptFrom), late };
}

function addMisfires(open: OpenMisfires | null, missed: readonly Instant[]): OpenMisfires | null {
  const [first] = missed;
  const last = missed.at(-1);
  if (first === undefined || last === undefined) return open;
  return { first: open?.first ?? first, last, count: (open?.count ?? 0) + missed.length };
}

const missedRange = (job: Job, { first, last, count }: OpenMisfires): FireEntry => ({
  ...scheduledEntry(job, first),
  state: "missed",
  reason: "misfire",
  count,
  scheduledForLast: count > 1 ? last : null,
});

/** A run past its expiry does not start: it is created as `skipped`. */
const makeEntry = (job: Job, instant: Instant, now: Instant): FireEntry => {
  const expired = job.definition.expireAfterMs !== null && now - instant > job.definition.expireAfterMs;
  return expired ? { ...scheduledEntry(job, instant), state: "skipped", reason: "expired" } : scheduledEntry(job, instant);
};
