import { describe, expect, test } from "@jest/globals";
import { type CalendarTimes, parseCalendarDay } from "./calendar.ts";
import { instantsAfter } from "../next-instant.ts";
import type { CalendarSchedule } from "../schedule.ts";

const calendar = (times: CalendarTimes, timezone = "UTC"): CalendarSchedule => {
  const unbounded = { startAt: null, endAt: null, maxRuns: null };
  return { kind: "calendar", ...times, timezone, ...unbounded };
};

const isoAfter = (schedule: CalendarSchedule, after: string, count: number): string[] =>
  instantsAfter(schedule, { anchorAt: 0, after: Date.parse(after), count }).map((at) => new Date(at).toISOString().slice(0, 16));

test.each<{ name: string; times: CalendarTimes; instants: string[] }>([
  {
    name: "daily",
    times: { interval: "daily", at: "09:00", on: null },
    instants: ["2026-01-29T09:00", "2026-01-30T09:00", "2026-01-31T09:00"],
  },
  { name: "weekly", times: { interval: "weekly", at: "00:00", on: "sunday" }, instants: ["2026-02-01T00:00", "2026-02-08T00:00"] },
  { name: "monthly", times: { interval: "monthly", at: "08:30", on: 1 }, instants: ["2026-02-01T08:30", "2026-03-01T08:30"] },
  {
    name: "on the 31st: shorter months are skipped",
    times: { interval: "monthly", at: "00:00", on: 31 },
    instants: ["2026-01-31T00:00", "2026-03-31T00:00", "2026-05-31T00:00"],
  },
  {
    name: "on the 29th: February only in leap years",
    times: { interval: "monthly", at: "00:00", on: 29 },
    instants: ["2026-01-29T00:00", "2026-03-29T00:00"],
  },
  {
    name: "on the last day: no month is skipped",
    times: { interval: "monthly", at: "18:00", on: "last" },
    instants: ["2026-01-31T18:00", "2026-02-28T18:00", "2026-03-31T18:00"],
  },
])("$name", ({ times, instants }) => {
  expect(isoAfter(calendar(times), "2026-01-28T12:00:00Z", instants.length)).toEqual(instants);
});

test("the time of day is that of the zone, in summer and winter", () => {
  const schedule = calendar({ interval: "daily", at: "09:00", on: null }, "Europe/Berlin");
  expect(isoAfter(schedule, "2026-03-28T00:00:00Z", 2)).toEqual(["2026-03-28T08:00", "2026-03-29T07:00"]);
});

describe("the day of an interval", () => {
  test("has a default", () => {
    expect(parseCalendarDay("daily", null)).toEqual({ kind: "parsed", value: null });
    expect(parseCalendarDay("weekly", null)).toEqual({ kind: "parsed", value: "monday" });
    expect(parseCalendarDay("monthly", null)).toEqual({ kind: "parsed", value: 1 });
  });

  test.each<["daily" | "weekly" | "monthly", string | number, string]>([
    ["daily", "monday", "leave out on, or use the interval weekly"],
    ["daily", "last", "leave out on, or use the interval monthly"],
    ["daily", 31, "leave out on, or use the interval monthly"],
    ["daily", 32, "a daily schedule has no day: leave out on"],
    ["weekly", "moday", '"moday" is not a weekday: did you mean monday?'],
    ["weekly", "Thurs", '"Thurs" is not a weekday: did you mean thursday?'],
    ["weekly", "sonday", "runs on one of sunday"],
  ])("of %s, %p: %s", (interval, on, said) => {
    const read = parseCalendarDay(interval, on);
    expect(read).toMatchObject({ kind: "fault", message: expect.stringContaining(said) });
    const meant = read.kind === "fault" ? /did you mean (\w+)|the interval (\w+)/.exec(read.message) : null;
    if (meant?.[1] !== undefined) expect(parseCalendarDay(interval, meant[1])).toMatchObject({ kind: "parsed" });
    if (meant?.[2] !== undefined)
      expect(parseCalendarDay(meant[2] === "weekly" ? "weekly" : "monthly", on)).toMatchObject({ kind: "parsed" });
  });

  test.each<["daily" | "weekly" | "monthly", string | number]>([
    ["daily", "monday"],
    ["daily", 1],
    ["weekly", 1],
    ["weekly", "mon"],
    ["weekly", "last"],
    ["monthly", 0],
    ["monthly", 32],
    ["monthly", 1.5],
    ["monthly", "monday"],
    ["monthly", "15"],
  ])("%s on %p is refused", (interval, on) => {
    expect(parseCalendarDay(interval, on)).toMatchObject({ kind: "fault", code: "bad_schedule_on" });
  });
});
