import { describe, expect, test } from "@jest/globals";
import { DAY, HOUR, newJob, MINUTE, SECOND, START } from "../../testing/factories.ts";
import type { Job } from "../job/job.ts";
import { planTick } from "./plan-tick.ts";
import { cursorAfterResume, firstCursor } from "./reschedule.ts";
import type { Schedule } from "../schedule/schedule.ts";
import { standingToClock, type SetBackClock } from "./set-back.ts";
import { STORE_TIME_DIFFERENCE_MS_MAX } from "../time/time-limits.ts";

const every = (everyMs: number, maxRuns: number | null = null): Schedule => ({
  kind: "every",
  everyMs,
  startAt: START,
  endAt: null,
  maxRuns,
});

/** A job of every hour as it stands once all that is owed at `now` has been fired. */
function firedAt(now: number, { maxRuns = null as number | null, misfire = "one" as "one" | "skip" } = {}): Job {
  const policy = { policy: misfire, maxLatenessMs: 400 * DAY, maxCount: 100 } as const;
  const job = newJob({ nextRunAt: START, definition: { schedule: every(HOUR, maxRuns), misfire: policy } });
  const [fire] = planTick({ jobs: [job], now }).fires;
  return { ...job, ...fire?.advance };
}

const NOW = START + 30 * MINUTE;
const AHEAD: SetBackClock = { now: NOW, runsForgotten: 0, wasAhead: true };

describe("a job, when the clock was five hours ahead and is right again", () => {
  test("goes back to the first instant that has not come yet", () => {
    const job = firedAt(NOW + 5 * HOUR);
    expect(job.nextRunAt).toBe(START + 6 * HOUR);
    expect(standingToClock(job, AHEAD)).toEqual({ kind: "ahead", from: START + HOUR });
  });

  test("does so too when all was called missed, or when it was made then", () => {
    expect(standingToClock(firedAt(NOW + 5 * HOUR, { misfire: "skip" }), AHEAD)).toEqual({
      kind: "ahead",
      from: START + HOUR,
    });
    const { definition } = firedAt(NOW);
    const made = { ...newJob({ definition, updatedAt: NOW + 5 * HOUR }), ...firstCursor(definition, NOW + 5 * HOUR) };
    expect(standingToClock(made, AHEAD)).toEqual({ kind: "ahead", from: START + HOUR });
  });

  test("goes back where no process saw that the clock was ahead, unless it was written meanwhile", () => {
    const job = firedAt(NOW + 5 * HOUR);
    const unseen = { ...AHEAD, wasAhead: false };
    expect(standingToClock(job, unseen)).toEqual({ kind: "ahead", from: START + HOUR });
    expect(standingToClock({ ...job, updatedAt: NOW + 5 * HOUR }, unseen)).toEqual({ kind: "ahead", from: null });
  });

  test("goes back to no instant whose run may have been forgotten", () => {
    const job = firedAt(NOW + 5 * HOUR);
    expect(standingToClock(job, { ...AHEAD, runsForgotten: START + 3 * HOUR })).toEqual({ kind: "ahead", from: START + 3 * HOUR });
    expect(standingToClock(job, { ...AHEAD, runsForgotten: START + DAY })).toEqual({ kind: "ahead", from: null });
  });

  test("that counts its runs counts none twice: it goes on behind the last that was fired", () => {
    expect(standingToClock(firedAt(NOW + 5 * HOUR, { maxRuns: 9 }), AHEAD)).toEqual({ kind: "ahead", from: null });
  });

  test("fires what comes by the right clock, and calls nothing missed a second time", () => {
    const job = { ...firedAt(NOW + 5 * HOUR), nextRunAt: START + HOUR };
    const [onTime] = planTick({ jobs: [job], now: START + HOUR }).fires;
    expect(onTime?.entries).toMatchObject([{ scheduledFor: START + HOUR, state: "due" }]);
    expect(onTime?.advance).toMatchObject({ nextRunAt: START + 2 * HOUR, lastScheduledFor: START + 5 * HOUR, firedCount: job.firedCount });
    const [late] = planTick({ jobs: [job], now: START + 7 * HOUR + 30 * MINUTE }).fires;
    expect(late?.entries).toMatchObject([
      { scheduledFor: START + 6 * HOUR, state: "missed", count: 1 },
      { scheduledFor: START + 7 * HOUR, state: "due" },
    ]);
  });
});

test("a clock that is behind fires no instant from before the job was written", () => {
  const job = { ...firedAt(NOW), updatedAt: NOW - MINUTE };
  expect(standingToClock(job, { now: START - DAY, runsForgotten: 0, wasAhead: false })).toEqual({ kind: "ahead", from: null });
});

describe("a job is where it should be", () => {
  test.each([
    ["before its next instant", firedAt(NOW), NOW],
    ["when it owes one", newJob({ nextRunAt: START, definition: { schedule: every(HOUR) } }), NOW],
    ["when the clock of who fired it was a little ahead", firedAt(START + HOUR), START + HOUR - STORE_TIME_DIFFERENCE_MS_MAX],
    ["when its schedule begins later", newJob({ nextRunAt: START, definition: { schedule: every(HOUR) } }), START - DAY],
    ["when it has ended", newJob({ nextRunAt: null, state: "finished" }), NOW],
  ])("%s", (_, job, now) => {
    expect(standingToClock(job, { ...AHEAD, now })).toEqual({ kind: "on_time" });
  });
});

describe("a resume", () => {
  const paused: Job = { ...firedAt(NOW + 5 * HOUR), state: "paused" };

  test("of a job that a clock which was ahead has moved on goes on from now", () => {
    expect(cursorAfterResume(paused, NOW, { runsForgotten: 0, wasAhead: true })).toMatchObject({
      nextRunAt: START + HOUR,
      state: "active",
    });
  });

  test("keeps the next instant where the runs before it may have been forgotten", () => {
    expect(cursorAfterResume(paused, NOW, { runsForgotten: START + DAY, wasAhead: true }).nextRunAt).toBe(START + 6 * HOUR);
    expect(cursorAfterResume(paused, NOW).nextRunAt).toBe(START + 6 * HOUR);
  });

  test("keeps a next instant that is the right one", () => {
    expect(cursorAfterResume({ ...firedAt(NOW), state: "paused" }, NOW + SECOND, { runsForgotten: 0, wasAhead: true }).nextRunAt).toBe(
      START + HOUR,
    );
  });
});
