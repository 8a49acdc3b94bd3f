import { describe, expect, test } from "@jest/globals";
import { DAY, HOUR, newJob, type JobOverrides, MINUTE, SECOND, START } from "../../testing/factories.ts";
import { FIRE_ENTRIES_MAX, type Fire, type FireEntry } from "./fire.ts";
import type { Instant } from "../time/instant.ts";
import type { Job } from "../job/job.ts";
import { JOB_INSTANTS_MAX, planTick, TICK_INSTANTS_MAX } from "./plan-tick.ts";
import type { MisfirePolicy } from "../policy/misfire.ts";
import { MISSED_AFTER_MS } from "../policy/misfire.ts";
import type { Schedule } from "../schedule/schedule.ts";

const every = (everyMs: number, bounds: Partial<Schedule> = {}): Schedule =>
  ({ kind: "every", everyMs, startAt: null, endAt: null, maxRuns: null, ...bounds }) as Schedule;

const misfire = (policy: MisfirePolicy["policy"], bounds: Partial<MisfirePolicy> = {}): MisfirePolicy => ({
  policy,
  maxLatenessMs: DAY,
  maxCount: 100,
  ...bounds,
});

/** A job of every minute whose first instant is `START`, unless said otherwise. */
const job = (overrides: JobOverrides = {}): Job => newJob(overrides);

function planOne(subject: Job, now: Instant): Fire {
  const { fires } = planTick({ jobs: [subject], now });
  expect(fires).toHaveLength(1);
  return fires[0] as Fire;
}

/** An entry in short: how late in minutes, and what it is. */
const inShort = ({ scheduledFor, state, reason, count, scheduledForLast }: FireEntry): string => {
  const from = (scheduledFor - START) / MINUTE;
  const to = scheduledForLast === null ? "" : `..${(scheduledForLast - START) / MINUTE}`;
  return `${from}${to} ${state}${reason === null ? "" : `: ${reason}`}${count === 1 ? "" : ` x${count}`}`;
};

const minutes = (instant: Instant | null | undefined): number | null =>
  instant === null || instant === undefined ? null : (instant - START) / MINUTE;

describe("on time", () => {
  test("an instant fires at its time, never before", () => {
    expect(planTick({ jobs: [job()], now: START - 1 }).fires).toEqual([]);
    const fire = planOne(job(), START);
    expect(fire.entries.map(inShort)).toEqual(["0 due"]);
    expect(fire.advance).toEqual({ nextRunAt: START + MINUTE, lastScheduledFor: START, firedCount: 1, misfires: null, state: "active" });
  });

  test("only active jobs with an instant fire", () => {
    const jobs = [
      job({ state: "paused" }),
      job({ state: "finished", nextRunAt: null }),
      job({ state: "deleted" }),
      job({ nextRunAt: null }),
    ];
    expect(planTick({ jobs, now: START + DAY })).toEqual({ fires: [], postponed: [] });
  });

  test("an entry names its job's definition and needs no key", () => {
    const subject = job();
    const [entry] = planOne(subject, START).entries;
    expect(entry).toEqual({
      cause: "schedule",
      scheduledFor: START,
      count: 1,
      scheduledForLast: null,
      state: "due",
      reason: null,
      key: null,
      definitionHash: subject.definitionHash,
      retryOf: null,
    });
  });

  test("the last instant of a schedule finishes its job", () => {
    const once = job({ definition: { schedule: { kind: "instant", at: START, local: null, startAt: null, endAt: null, maxRuns: null } } });
    expect(planOne(once, START).advance).toMatchObject({ nextRunAt: null, state: "finished", lastScheduledFor: START });
    const until = job({ definition: { schedule: every(MINUTE, { endAt: START + MINUTE }) } });
    expect(planOne(until, START).advance).toMatchObject({ nextRunAt: START + MINUTE, state: "active" });
    expect(planOne({ ...until, nextRunAt: START + MINUTE }, START + MINUTE).advance).toMatchObject({ nextRunAt: null, state: "finished" });
  });
});

describe("late", () => {
  test("instants late up to a minute simply fire, under every policy", () => {
    for (const policy of ["skip", "one", "all"] as const) {
      const subject = job({ definition: { schedule: every(20 * SECOND), misfire: misfire(policy, { maxLatenessMs: 0 }) } });
      const fire = planOne(subject, START + MISSED_AFTER_MS);
      expect(fire.entries.map(({ scheduledFor, state }) => [scheduledFor - START, state])).toEqual([
        [0, "due"],
        [20_000, "due"],
        [40_000, "due"],
        [60_000, "due"],
      ]);
    }
  });

  test("what does not fit into one write fires in the next", () => {
    const subject = job({ definition: { schedule: every(SECOND) } });
    const first = planOne(subject, START + 50 * SECOND);
    expect(first.entries).toHaveLength(FIRE_ENTRIES_MAX);
    expect(first.advance?.nextRunAt).toBe(START + FIRE_ENTRIES_MAX * SECOND);
    const second = planOne({ ...subject, ...first.advance }, START + 50 * SECOND);
    expect(second.entries).toHaveLength(51 - FIRE_ENTRIES_MAX);
    expect(second.advance).toMatchObject({ nextRunAt: START + 51 * SECOND, firedCount: 51 });
  });
});

describe("misfires", () => {
  const tenMinutesLate = START + 10 * MINUTE + 30 * SECOND;
  const table: readonly [string, MisfirePolicy, readonly string[]][] = [
    ["skip keeps none", misfire("skip"), ["0..9 missed: misfire x10", "10 due"]],
    ["one keeps the latest", misfire("one"), ["0..8 missed: misfire x9", "9 due", "10 due"]],
    ["all keeps all", misfire("all"), ["0 due", "1 due", "2 due", "3 due", "4 due", "5 due", "6 due", "7 due", "8 due", "9 due", "10 due"]],
    ["all keeps the latest maxCount", misfire("all", { maxCount: 2 }), ["0..7 missed: misfire x8", "8 due", "9 due", "10 due"]],
    [
      "nothing older than maxLateness is kept",
      misfire("all", { maxLatenessMs: 3 * MINUTE }),
      ["0..7 missed: misfire x8", "8 due", "9 due", "10 due"],
    ],
    ["not by one either", misfire("one", { maxLatenessMs: MINUTE }), ["0..9 missed: misfire x10", "10 due"]],
    [
      "exactly maxLateness is not too late",
      misfire("all", { maxLatenessMs: 10 * MINUTE + 30 * SECOND }),
      Array.from({ length: 11 }, (_, late) => `${late} due`),
    ],
  ];
  test.each(table)("%s", (_, policy, expected) => {
    const fire = planOne(job({ definition: { misfire: policy } }), tenMinutesLate);
    expect(fire.entries.map(inShort)).toEqual(expected);
    expect(minutes(fire.advance?.nextRunAt)).toBe(11);
    expect(fire.advance?.misfires).toBeNull();
  });

  test("a single missed instant is a record without a range", () => {
    const daily = job({ definition: { schedule: every(DAY), misfire: misfire("skip") } });
    expect(planOne(daily, START + HOUR).entries).toMatchObject([{ state: "missed", reason: "misfire", count: 1, scheduledForLast: null }]);
  });

  test("a range leaves room for one run less in its write", () => {
    const subject = job({ definition: { schedule: every(SECOND), misfire: misfire("skip") } });
    const { entries, advance } = planOne(subject, START + 2 * MINUTE);
    expect(entries).toHaveLength(FIRE_ENTRIES_MAX);
    expect(entries[0]).toMatchObject({ state: "missed", count: 60 });
    expect(advance?.nextRunAt).toBe(START + (60 + FIRE_ENTRIES_MAX - 1) * SECOND);
    expect(advance?.firedCount).toBe(FIRE_ENTRIES_MAX - 1);
  });
});

describe("bounds", () => {
  test("maxRuns counts what fires, and finishes the job", () => {
    const subject = job({ firedCount: 3, definition: { schedule: every(20 * SECOND, { maxRuns: 5 }) } });
    const fire = planOne(subject, START + MINUTE);
    expect(fire.entries).toHaveLength(2);
    expect(fire.advance).toMatchObject({ nextRunAt: null, state: "finished", firedCount: 5, lastScheduledFor: START + 20 * SECOND });
  });

  test("misfires that are not run are not counted by maxRuns", () => {
    const subject = job({ definition: { schedule: every(MINUTE, { maxRuns: 2 }), misfire: misfire("skip") } });
    const fire = planOne(subject, START + 10 * MINUTE);
    expect(fire.entries.map(inShort)).toEqual(["0..8 missed: misfire x9", "9 due", "10 due"]);
    expect(fire.advance).toMatchObject({ state: "finished", firedCount: 2 });
  });

  test("a job whose runs are used up finishes without firing", () => {
    const subject = job({ firedCount: 5, definition: { schedule: every(MINUTE, { maxRuns: 5 }) } });
    expect(planOne(subject, START)).toMatchObject({ entries: [], advance: { nextRunAt: null, state: "finished", firedCount: 5 } });
  });

  test("more fires than maxRuns allows never add up to more runs", () => {
    const subject = job({ firedCount: 7, definition: { schedule: every(20 * SECOND, { maxRuns: 5 }) } });
    expect(planOne(subject, START + MINUTE)).toMatchObject({ entries: [], advance: { nextRunAt: null, state: "finished", firedCount: 7 } });
  });

  test("a run past its expiry is born skipped, and counts as a fire", () => {
    const subject = job({ definition: { misfire: misfire("all"), expireAfterMs: 2 * MINUTE, schedule: every(MINUTE, { maxRuns: 9 }) } });
    const fire = planOne(subject, START + 3 * MINUTE);
    expect(fire.entries.map(inShort)).toEqual(["0 skipped: expired", "1 due", "2 due", "3 due"]);
    expect(fire.advance?.firedCount).toBe(4);
  });
});

describe("long outages", () => {
  test("one tick enumerates a bounded number of instants, and remembers where it stopped", () => {
    const subject = job({ definition: { schedule: every(SECOND), misfire: misfire("one") } });
    const fire = planOne(subject, START + DAY);
    expect(fire.entries).toEqual([]);
    expect(fire.advance).toEqual({
      nextRunAt: START + (JOB_INSTANTS_MAX - 1) * SECOND,
      lastScheduledFor: null,
      firedCount: 0,
      misfires: { first: START, last: START + (JOB_INSTANTS_MAX - 2) * SECOND, count: JOB_INSTANTS_MAX - 1 },
      state: "active",
    });
  });

  test("misfires counted by earlier ticks end up in the one range", () => {
    const open = { first: START - HOUR, last: START - MINUTE, count: 60 };
    const subject = job({ misfires: open, definition: { misfire: misfire("skip") } });
    expect(planOne(subject, START + 3 * MINUTE).entries[0]).toMatchObject({
      scheduledFor: open.first,
      scheduledForLast: START + MINUTE,
      count: 62,
    });
    expect(planOne(subject, START).entries).toMatchObject([{ state: "missed", count: 60, scheduledForLast: open.last }, { state: "due" }]);
  });

  test("jobs that the tick's budget does not reach are postponed, not forgotten", () => {
    const perJob = JOB_INSTANTS_MAX;
    const jobs = Array.from({ length: TICK_INSTANTS_MAX / perJob + 2 }, (_, index) =>
      job({ id: `job-${index}`, definition: { schedule: every(SECOND) } }),
    );
    const { fires, postponed } = planTick({ jobs, now: START + DAY });
    expect(fires).toHaveLength(TICK_INSTANTS_MAX / perJob);
    expect(postponed).toEqual(jobs.slice(TICK_INSTANTS_MAX / perJob));
  });

  test("a job on time is planned whatever others have to catch up on", () => {
    const behind = Array.from({ length: TICK_INSTANTS_MAX / JOB_INSTANTS_MAX + 2 }, (_, index) =>
      job({ id: `job-${index}`, definition: { schedule: every(SECOND) } }),
    );
    const onTime = job({ id: "on-time", nextRunAt: START + DAY });
    const { fires } = planTick({ jobs: [...behind, onTime], now: START + DAY });
    expect(fires.at(-1)?.job).toBe(onTime);
  });
});

describe("a job that cannot be evaluated", () => {
  const bad = (id: string, schedule: unknown, overrides: JobOverrides = {}): Job =>
    job({ id, ...overrides, definition: { schedule: schedule as Schedule } });
  const bounds = { startAt: null, endAt: null, maxRuns: null };

  test("fires nothing, says why, and stops no other, wherever it stands", () => {
    const jobs = [
      bad("zone", { kind: "cron", cron: "* * * * *", timezone: "America/Nowhere", ...bounds }),
      job({ id: "first" }),
      bad("kind", { kind: "rrule", ...bounds }),
      bad("torn", undefined),
      { ...job({ id: "unreadable" }), unreadable: "its definition is not JSON" },
      job({ id: "last" }),
    ];
    const { fires, notEvaluated = [] } = planTick({ jobs, now: START + 5 * MINUTE });
    expect(fires.map((fire) => fire.job.id)).toEqual(["first", "last"]);
    expect(notEvaluated.map((one) => [one.job.id, one.reason])).toEqual([
      ["zone", "the time zone America/Nowhere is not in the time zone data of this process"],
      ["kind", 'this version knows no schedules of kind "rrule"'],
      ["torn", expect.any(String)],
      ["unreadable", "its definition is not JSON"],
    ]);
  });

  test("before its instant is as any other", () => {
    const jobs = [bad("zone", { kind: "cron", cron: "* * * * *", timezone: "America/Nowhere", ...bounds })];
    expect(planTick({ jobs, now: START - 1 })).toEqual({ fires: [], postponed: [] });
  });

  test("uses up none of the others' budget", () => {
    const late = { nextRunAt: START - DAY };
    const jobs = Array.from({ length: 100 }, (_, index) => bad(`bad-${index}`, { kind: "rrule", ...bounds }, late));
    const good = Array.from({ length: 10 }, (_, index) => job({ id: `good-${index}`, ...late }));
    const { fires, postponed, notEvaluated } = planTick({ jobs: [...jobs, ...good], now: START });
    expect([fires.length + postponed.length, notEvaluated?.length]).toEqual([10, 100]);
    expect(fires.length).toBeGreaterThan(0);
  });

  test("whose plan would leave it where it is does not spin", () => {
    const stuck = job({ definition: { schedule: every(MINUTE, { maxRuns: "three" as never }) } });
    expect(planTick({ jobs: [stuck], now: START })).toMatchObject({ fires: [], notEvaluated: [{ job: stuck }] });
  });
});
