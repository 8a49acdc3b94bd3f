import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { DAY, HOUR, newJob, MINUTE, SECOND, START } from "../../testing/factories.ts";
import { FIRE_ENTRIES_MAX, type FireEntry } from "./fire.ts";
import type { Instant } from "../time/instant.ts";
import type { Job } from "../job/job.ts";
import { closeMisfires, JOB_INSTANTS_MAX, planTick } from "./plan-tick.ts";
import { nextInstant } from "../schedule/next-instant.ts";
import type { Schedule } from "../schedule/schedule.ts";

/** Ticks until nothing is owed. Each that is owed something must get on: by entries, or by the instants it counted. */
const TICKS_MAX = 5_000;

/** A job's life so far: where it stands, and all that its fires have made. */
interface Life {
  job: Job;
  readonly entries: FireEntry[];
}

function tick(life: Life, now: Instant): boolean {
  const [fire] = planTick({ jobs: [life.job], now }).fires;
  if (fire === undefined) return false;
  const { nextRunAt, firedCount, misfires } = life.job;
  life.entries.push(...fire.entries);
  life.job = { ...life.job, ...fire.advance };
  expect(fire.entries.length).toBeLessThanOrEqual(FIRE_ENTRIES_MAX);
  expect(life.job.nextRunAt).not.toBe(nextRunAt);
  expect((life.job.misfires?.count ?? 0) - (misfires?.count ?? 0)).toBeLessThanOrEqual(JOB_INSTANTS_MAX);
  expect(life.job.firedCount - firedCount).toBe(fire.entries.filter(({ state }) => state !== "missed").length);
  return true;
}

function catchUp(life: Life, now: Instant): number {
  for (let ticks = 0; ticks < TICKS_MAX; ticks += 1) if (!tick(life, now)) return ticks;
  throw new Error("the ticks do not end");
}

/** The nominal instants from the first one on, up to and including `until`. */
function nominal({ definition }: Job, until: Instant): Instant[] {
  const instants: Instant[] = [];
  let next: Instant | null = START;
  while (next !== null && next <= until) {
    instants.push(next);
    next = nextInstant(definition.schedule, { anchorAt: definition.anchorAt, after: next });
  }
  return instants;
}

/** The instants that each entry stands for, in the order of the entries. */
function accountedBy(entries: readonly FireEntry[], instants: readonly Instant[]): Instant[][] {
  const places = new Map(instants.map((instant, place) => [instant, place]));
  const findPlace = (instant: Instant): number => places.get(instant) ?? NaN;
  return entries.map(({ scheduledFor, scheduledForLast }) =>
    instants.slice(findPlace(scheduledFor), findPlace(scheduledForLast ?? scheduledFor) + 1),
  );
}

const bounds = { startAt: null, endAt: null, maxRuns: null };
const schedule: fc.Arbitrary<Schedule> = fc.oneof(
  fc
    .constantFrom(7 * SECOND, 20 * SECOND, MINUTE, 61 * SECOND, HOUR, DAY)
    .map((everyMs) => ({ kind: "every", everyMs, ...bounds }) as const),
  fc
    .constantFrom("*/10 * * * * *", "*/5 * * * *", "0 * * * *", "30 12 * * *")
    .map((cron) => ({ kind: "cron", cron, timezone: "UTC", ...bounds }) as const),
);

const job = fc
  .record({
    schedule,
    maxRuns: fc.option(fc.integer({ min: 1, max: 200 }), { nil: null }),
    endAt: fc.option(
      fc.integer({ min: 0, max: 3 * DAY }).map((ms) => START + ms),
      { nil: null },
    ),
    expireAfterMs: fc.option(fc.integer({ min: 1, max: DAY }), { nil: null }),
    misfire: fc.record({
      policy: fc.constantFrom("skip", "one", "all"),
      maxLatenessMs: fc.oneof(fc.integer({ min: 0, max: HOUR }), fc.integer({ min: 0, max: 10 * DAY })),
      maxCount: fc.integer({ min: 1, max: 500 }),
    }),
  })
  .map(({ schedule: kind, maxRuns, endAt, expireAfterMs, misfire }) =>
    newJob({ definition: { schedule: { ...kind, maxRuns, endAt }, expireAfterMs, misfire: misfire as Job["definition"]["misfire"] } }),
  );

/** Mostly forward and short, at times a long outage, at times a clock that jumps back. */
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 0, max: 5 * MINUTE }) },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 6 * HOUR }) },
    { weight: 1, arbitrary: fc.integer({ min: -HOUR, max: 0 }) },
  ),
  { minLength: 1, maxLength: 25 },
);

test("every nominal instant is accounted for exactly once, whenever one ticks", () => {
  fc.assert(
    fc.property(job, steps, fc.integer({ min: 1, max: 3 }), (subject, moves, ticksEach) => {
      const life: Life = { job: subject, entries: [] };
      let [now, latest] = [START, START];
      for (const move of moves) {
        now += move;
        latest = Math.max(latest, now);
        for (let time = 0; time < ticksEach; time += 1) tick(life, now);
      }
      catchUp(life, latest);
      const all = nominal(subject, latest);
      const accounted = accountedBy(life.entries, all);
      // maxRuns ends the schedule: instants after the last run belong to no run.
      const reached = life.job.state === "finished" ? (life.job.lastScheduledFor ?? latest) : latest;
      const owed = life.job.firedCount === subject.definition.schedule.maxRuns ? all.filter((instant) => instant <= reached) : all;
      expect(accounted.flat().join()).toBe(owed.join());
      expect(accounted.map((instants) => instants.length)).toEqual(life.entries.map(({ count }) => count));
      expect(life.job.misfires).toBeNull();
    }),
    { numRuns: 60 },
  );
});

test("whenever the counting of misfires is ended early, every instant up to there is accounted for exactly once", () => {
  fc.assert(
    fc.property(job, steps, fc.constantFrom("active", "paused"), (subject, moves, state) => {
      const life: Life = { job: subject, entries: [] };
      let now = START;
      for (const move of moves) {
        now += move;
        tick(life, now);
      }
      const cursor = life.job.nextRunAt;
      const closing = closeMisfires({ ...life.job, state });
      expect(closing === null).toBe(life.job.misfires === null);
      life.entries.push(...(closing?.entries ?? []));
      const reached = closing?.advance == null ? cursor : closing.advance.nextRunAt;
      // Another tick of the same job must lose to the record, or the record to it: they share the identity of its range.
      if (closing !== null && state === "active") expect(reached).not.toBe(cursor);
      const all = nominal(subject, reached ?? now + DAY).filter((instant) => reached === null || instant < reached);
      const ends = reached === null ? (accountedBy(life.entries, all).flat().at(-1) ?? START) : Infinity;
      const accounted = accountedBy(life.entries, all);
      expect(accounted.flat().join()).toBe(all.filter((instant) => instant <= ends).join());
      expect(accounted.map((instants) => instants.length)).toEqual(life.entries.map(({ count }) => count));
    }),
    { numRuns: 60 },
  );
});

test("no more runs fire than maxRuns says, and a job that is not finished is ahead of now", () => {
  fc.assert(
    fc.property(job, fc.integer({ min: 0, max: DAY }), (subject, outageMs) => {
      const life: Life = { job: subject, entries: [] };
      catchUp(life, START + outageMs);
      const { maxRuns } = subject.definition.schedule;
      const fired = life.entries.filter(({ state }) => state !== "missed");
      expect(fired).toHaveLength(life.job.firedCount);
      expect(fired.length).toBeLessThanOrEqual(maxRuns ?? Infinity);
      expect(life.job.lastScheduledFor).toBe(fired.at(-1)?.scheduledFor ?? null);
      if (life.job.nextRunAt === null) expect(life.job.state).toBe("finished");
      else expect(life.job.nextRunAt).toBeGreaterThan(START + outageMs);
    }),
    { numRuns: 60 },
  );
});

test("what is kept after an outage depends on its length, not on how many ticks it took", () => {
  fc.assert(
    fc.property(job, fc.integer({ min: 0, max: DAY }), (subject, outageMs) => {
      const now = START + outageMs;
      const life: Life = { job: subject, entries: [] };
      catchUp(life, now);
      const { policy, maxCount, maxLatenessMs } = subject.definition.misfire;
      const misfires = nominal(subject, now).filter((instant) => now - instant > MINUTE);
      const kept = misfires.slice(misfires.length - (policy === "skip" ? 0 : policy === "one" ? 1 : Math.min(maxCount, misfires.length)));
      const wanted = kept.filter((instant) => now - instant <= maxLatenessMs);
      const run = life.entries.filter(({ state, scheduledFor }) => state !== "missed" && now - scheduledFor > MINUTE);
      expect(run.map(({ scheduledFor }) => scheduledFor)).toEqual(wanted.slice(0, subject.definition.schedule.maxRuns ?? Infinity));
      expect(life.entries.filter(({ state }) => state === "missed").length).toBeLessThanOrEqual(1);
    }),
    { numRuns: 60 },
  );
});

test("a day without a scheduler is one counted range of an every-second cron line", () => {
  const subject = newJob({ definition: { schedule: { kind: "cron", cron: "* * * * * *", timezone: "Europe/Berlin", ...bounds } } });
  const life: Life = { job: subject, entries: [] };
  const now = START + DAY;
  const ticks = catchUp(life, now);
  const [range, ...runs] = life.entries;
  const seconds = DAY / SECOND;
  expect(range).toMatchObject({ state: "missed", scheduledFor: START, scheduledForLast: now - 62 * SECOND, count: seconds - 61 });
  // Policy `one` keeps the latest misfire; those up to a minute late simply fire.
  expect(runs.map(({ scheduledFor }) => scheduledFor)).toEqual(Array.from({ length: 62 }, (_, index) => now - (61 - index) * SECOND));
  expect(ticks).toBeLessThanOrEqual(Math.ceil(seconds / (JOB_INSTANTS_MAX - 1)) + 3);
});
