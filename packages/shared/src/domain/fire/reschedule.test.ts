import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { DAY, HOUR, newJob, type JobOverrides, MINUTE, SECOND, START } from "../../testing/factories.ts";
import type { Job } from "../job/job.ts";
import type { JobDefinition } from "../job/job-definition.ts";
import { cursorAfterEdit, cursorAfterResume, firstCursor, PAUSED_INSTANTS_MAX, pausedRange, uncountedRange } from "./reschedule.ts";
import type { Schedule } from "../schedule/schedule.ts";

const every = (everyMs: number, bounds: Partial<Schedule> = {}): Schedule =>
  ({ kind: "every", everyMs, startAt: null, endAt: null, maxRuns: null, ...bounds }) as Schedule;
const once: Schedule = { kind: "instant", at: START, local: null, startAt: null, endAt: null, maxRuns: null };

/** A job of every minute that has fired three times; its next instant is three minutes after `START`. */
const firedJob = (overrides: JobOverrides = {}): Job =>
  newJob({ nextRunAt: START + 3 * MINUTE, lastScheduledFor: START + 2 * MINUTE, firedCount: 3, ...overrides });

const withSchedule = (job: Job, schedule: Schedule, anchorAt = job.definition.anchorAt): JobDefinition => ({
  ...job.definition,
  schedule,
  anchorAt,
});

const NOW = START + 2 * MINUTE + 30 * SECOND;

describe("a new job", () => {
  test("begins at its first instant after now", () => {
    expect(firstCursor(newJob().definition, NOW)).toEqual({
      nextRunAt: START + 3 * MINUTE,
      lastScheduledFor: null,
      firedCount: 0,
      misfires: null,
      state: "active",
    });
  });

  test("is finished if there is none", () => {
    expect(firstCursor(withSchedule(newJob(), once), START)).toMatchObject({ nextRunAt: null, state: "finished" });
    expect(firstCursor(withSchedule(newJob(), once), START - 1)).toMatchObject({ nextRunAt: START, state: "active" });
  });
});

describe("an edit", () => {
  test("with the same schedule keeps the cursor, in whatever state", () => {
    for (const state of ["active", "paused", "finished"] as const) {
      const job = firedJob({ state, misfires: { first: START, last: START, count: 1 } });
      const { nextRunAt, lastScheduledFor, firedCount, misfires } = job;
      const cursor = cursorAfterEdit(job, { ...job.definition, name: "Renamed", params: {} }, NOW + HOUR);
      expect(cursor).toEqual({ nextRunAt, lastScheduledFor, firedCount, misfires, state });
    }
  });

  test("of the schedule starts anew from now, and counts from 0", () => {
    const job = firedJob();
    expect(cursorAfterEdit(job, withSchedule(job, every(HOUR), NOW), NOW)).toEqual({
      nextRunAt: NOW + HOUR,
      lastScheduledFor: START + 2 * MINUTE,
      firedCount: 0,
      misfires: null,
      state: "active",
    });
  });

  test("of a paused job leaves it paused; of a finished one makes it active", () => {
    const paused = firedJob({ state: "paused" });
    expect(cursorAfterEdit(paused, withSchedule(paused, every(HOUR), NOW), NOW)).toMatchObject({ nextRunAt: NOW + HOUR, state: "paused" });
    const finished = firedJob({ state: "finished", nextRunAt: null, definition: { schedule: once } });
    expect(cursorAfterEdit(finished, withSchedule(finished, every(HOUR), NOW), NOW)).toMatchObject({ state: "active", firedCount: 0 });
  });

  test("to a schedule that is over finishes the job", () => {
    for (const state of ["active", "paused"] as const) {
      const job = firedJob({ state });
      expect(cursorAfterEdit(job, withSchedule(job, once), NOW)).toMatchObject({ nextRunAt: null, state: "finished" });
    }
  });

  test("of maxRuns alone counts on", () => {
    const job = firedJob();
    const more = cursorAfterEdit(job, withSchedule(job, every(MINUTE, { maxRuns: 5 })), NOW);
    expect(more).toMatchObject({ nextRunAt: START + 3 * MINUTE, firedCount: 3, state: "active" });
    for (const maxRuns of [1, 3]) {
      const usedUp = cursorAfterEdit(job, withSchedule(job, every(MINUTE, { maxRuns })), NOW);
      expect(usedUp).toMatchObject({ nextRunAt: null, firedCount: 3, state: "finished" });
    }
  });

  test("that raises maxRuns wakes a job that had used them up", () => {
    const job = firedJob({ state: "finished", nextRunAt: null, definition: { schedule: every(MINUTE, { maxRuns: 3 }) } });
    const cursor = cursorAfterEdit(job, withSchedule(job, every(MINUTE, { maxRuns: 4 })), NOW);
    expect(cursor).toMatchObject({ nextRunAt: START + 3 * MINUTE, firedCount: 3, state: "active" });
  });

  test("keeps misfires that are counted and not yet recorded, whatever it changes", () => {
    const misfires = { first: START - HOUR, last: START - MINUTE, count: 60 };
    const job = firedJob({ misfires });
    expect(cursorAfterEdit(job, withSchedule(job, every(HOUR), NOW), NOW).misfires).toEqual(misfires);
  });
});

describe("a resume", () => {
  test("goes on at the first instant after now", () => {
    expect(cursorAfterResume(firedJob({ state: "paused" }), START + DAY)).toEqual({
      nextRunAt: START + DAY + MINUTE,
      lastScheduledFor: START + 2 * MINUTE,
      firedCount: 3,
      misfires: null,
      state: "active",
    });
  });

  test("keeps a next instant that has not come yet", () => {
    expect(cursorAfterResume(firedJob({ state: "paused" }), NOW).nextRunAt).toBe(START + 3 * MINUTE);
  });

  test("of a schedule that has ended meanwhile finishes the job", () => {
    const job = firedJob({ state: "paused", definition: { schedule: every(MINUTE, { endAt: START + 3 * MINUTE }) } });
    expect(cursorAfterResume(job, START + DAY)).toMatchObject({ nextRunAt: null, state: "finished" });
  });

  test("with no run left finishes the job, and the pause has kept nothing from running", () => {
    for (const nextRunAt of [START + 3 * MINUTE, START + 2 * DAY]) {
      const job = firedJob({ state: "paused", nextRunAt, definition: { schedule: every(MINUTE, { maxRuns: 3 }) } });
      expect(cursorAfterResume(job, START + DAY)).toMatchObject({ nextRunAt: null, firedCount: 3, state: "finished" });
      expect(pausedRange(job, START + DAY)).toBeNull();
    }
  });

  test("goes on exactly when the schedule has an instant left and maxRuns a run, whenever it comes", () => {
    const maxRuns = fc.option(fc.integer({ min: 1, max: 6 }), { nil: null });
    const minutes = fc.integer({ min: 0, max: 20 });
    fc.assert(
      fc.property(maxRuns, minutes, minutes, minutes, fc.integer({ min: 0, max: 6 }), (runs, ends, next, resumed, firedCount) => {
        const schedule = every(MINUTE, { maxRuns: runs, endAt: START + ends * MINUTE });
        const job = firedJob({ state: "paused", nextRunAt: START + Math.min(next, ends) * MINUTE, firedCount, definition: { schedule } });
        const now = START + resumed * MINUTE;
        const cursor = cursorAfterResume(job, now);
        const left = runs === null ? Infinity : runs - firedCount;
        const goesOn = left > 0 && START + ends * MINUTE > now;
        expect(cursor.state).toBe(goesOn ? "active" : "finished");
        expect(cursor.nextRunAt !== null && cursor.nextRunAt > now).toBe(goesOn);
        expect(cursor.firedCount).toBe(firedCount);
      }),
    );
  });

  test("keeps misfires that are counted and not yet recorded", () => {
    const misfires = { first: START - HOUR, last: START - MINUTE, count: 60 };
    expect(cursorAfterResume(firedJob({ state: "paused", misfires }), NOW).misfires).toEqual(misfires);
  });
});

describe("the record of a pause", () => {
  test("is one counted range of the instants that passed", () => {
    const job = firedJob({ state: "paused" });
    expect(pausedRange(job, START + 7 * MINUTE)).toEqual({
      cause: "schedule",
      scheduledFor: START + 3 * MINUTE,
      count: 5,
      scheduledForLast: START + 7 * MINUTE,
      state: "skipped",
      reason: "paused",
      key: null,
      definitionHash: job.definitionHash,
      retryOf: null,
    });
  });

  test("has no range for a single instant, and there is none if none passed", () => {
    const job = firedJob({ state: "paused" });
    expect(pausedRange(job, START + 3 * MINUTE)).toMatchObject({ count: 1, scheduledForLast: null });
    expect(pausedRange(job, START + 3 * MINUTE - 1)).toBeNull();
    expect(pausedRange(firedJob(), START + DAY)).toBeNull();
    expect(pausedRange(firedJob({ state: "paused", nextRunAt: null }), START + DAY)).toBeNull();
  });

  test("ends with the schedule", () => {
    const job = firedJob({ state: "paused", definition: { schedule: every(MINUTE, { endAt: START + 4 * MINUTE }) } });
    expect(pausedRange(job, START + DAY)).toMatchObject({ count: 2, scheduledForLast: START + 4 * MINUTE });
  });

  test("counts every instant of a fixed interval, however long the pause", () => {
    const range = pausedRange(firedJob({ state: "paused" }), START + 365 * DAY);
    expect(range).toMatchObject({ count: (365 * DAY) / MINUTE - 2, scheduledForLast: START + 365 * DAY });
  });

  test("counts a bounded number of others, and reaches to the last all the same", () => {
    const schedule = { kind: "cron", cron: "* * * * *", timezone: "UTC", startAt: null, endAt: null, maxRuns: null } as const;
    const range = pausedRange(firedJob({ state: "paused", definition: { schedule } }), START + 365 * DAY);
    expect(range).toMatchObject({ count: PAUSED_INSTANTS_MAX, scheduledForLast: START + 365 * DAY });
  });
});

describe("what passed of a job that cannot be evaluated", () => {
  test("is one record from the first instant not accounted for on", () => {
    expect(uncountedRange(firedJob(), START + HOUR, "hash")).toMatchObject({
      scheduledFor: START + 3 * MINUTE,
      count: 1,
      scheduledForLast: null,
      state: "missed",
      reason: "not_evaluated",
      definitionHash: "hash",
    });
    expect(uncountedRange(firedJob({ state: "paused" }), START + HOUR, "hash")).toMatchObject({ state: "skipped", reason: "paused" });
  });

  test("takes in the misfires counted before", () => {
    const misfires = { first: START, last: START + 2 * MINUTE, count: 3 };
    expect(uncountedRange(firedJob({ misfires }), START + HOUR, "hash")).toMatchObject({
      scheduledFor: START,
      count: 4,
      scheduledForLast: START + 3 * MINUTE,
    });
  });

  test("is nothing before that instant, and where the schedule has ended", () => {
    expect(uncountedRange(firedJob(), START, "hash")).toBeNull();
    expect(uncountedRange(firedJob({ nextRunAt: null, state: "finished" }), START + HOUR, "hash")).toBeNull();
  });
});
