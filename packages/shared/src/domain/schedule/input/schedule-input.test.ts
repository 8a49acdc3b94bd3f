import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { z } from "zod";
import { scheduleWire } from "../arbitraries.test-support.ts";
import { sameSchedule } from "../same-schedule.ts";
import { ScheduleInput } from "./schedule-input.ts";
import { ScheduleView, showSchedule } from "../schedule-view.ts";

const unbounded = { startAt: null, endAt: null, maxRuns: null };
const at = (iso: string): number => Date.parse(iso);

describe("a request is normalised", () => {
  test.each<[string, unknown, object]>([
    ["defaults are filled in", { cron: "0  9 * * *" }, { kind: "cron", cron: "0 9 * * *", timezone: "UTC", ...unbounded }],
    [
      "null is absent",
      { cron: "0 9 * * *", timezone: null, ...unbounded },
      { kind: "cron", cron: "0 9 * * *", timezone: "UTC", ...unbounded },
    ],
    ["a duration is milliseconds", { every: "1h30m" }, { kind: "every", everyMs: 5_400_000, ...unbounded }],
    [
      "a day has midnight",
      { interval: "daily" },
      { kind: "calendar", interval: "daily", at: "00:00", on: null, timezone: "UTC", ...unbounded },
    ],
    [
      "a week has Monday",
      { interval: "weekly" },
      { kind: "calendar", interval: "weekly", at: "00:00", on: "monday", timezone: "UTC", ...unbounded },
    ],
    [
      "a month has its first",
      { interval: "monthly" },
      { kind: "calendar", interval: "monthly", at: "00:00", on: 1, timezone: "UTC", ...unbounded },
    ],
    [
      "times and days have one spelling",
      { interval: "weekly", at: "9:00:00", on: "Friday", timezone: "europe/berlin" },
      { kind: "calendar", interval: "weekly", at: "09:00", on: "friday", timezone: "Europe/Berlin", ...unbounded },
    ],
    ["an instant", { at: "2026-12-01T10:00:00+01:00" }, { kind: "instant", at: at("2026-12-01T09:00:00Z"), local: null, ...unbounded }],
    [
      "a time on a wall",
      { at: "2026-12-01T09:00", timezone: "Europe/Berlin" },
      { kind: "instant", at: at("2026-12-01T08:00:00Z"), local: { at: "2026-12-01T09:00:00", timezone: "Europe/Berlin" }, ...unbounded },
    ],
    [
      "bounds",
      { every: "1d", startAt: "2026-01-01T00:00:00Z", endAt: "2026-02-01T00:00:00Z", maxRuns: 3 },
      { kind: "every", everyMs: 86_400_000, startAt: at("2026-01-01T00:00:00Z"), endAt: at("2026-02-01T00:00:00Z"), maxRuns: 3 },
    ],
    [
      "a short string",
      "every monday at 9am Europe/Berlin",
      { kind: "calendar", interval: "weekly", at: "09:00", on: "monday", timezone: "Europe/Berlin", ...unbounded },
    ],
  ])("%s", (_name, wire, schedule) => {
    expect(ScheduleInput.parse(wire)).toEqual(schedule);
  });
});

const FAULTS: readonly (readonly [wire: unknown, code: string, path: string, message: string])[] = [
  [null, "bad_schedule", "", "a schedule is an object or a short string"],
  [["every 15m"], "bad_schedule", "", "a schedule is an object or a short string"],
  [{}, "bad_schedule", "", "has one of the fields cron, every, interval and at"],
  [{ cron: "* * * * *", every: "1m" }, "bad_schedule", "", "this one has cron and every"],
  [{ cron: "0 25 * * *" }, "bad_cron", "cron", "cron field 2 (hour): 25 is out of range"],
  [{ cron: 5 }, "invalid_type", "cron", "expected string"],
  [{ cron: "0 0 30 2 *" }, "schedule_never_fires", "cron", "30 February never comes: the day of month 30 does not exist in month 2"],
  [{ cron: "0 0 31 FEB,apr *" }, "schedule_never_fires", "cron", "31 never comes in February (at most 29 days), April (at most 30 days)"],
  [{ cron: "0 0 30W 2 *" }, "schedule_never_fires", "cron", "30W never comes in February"],
  [{ cron: "0 9 * * *", timezone: "Europe/Berlim" }, "unknown_time_zone", "timezone", "did you mean Europe/Berlin?"],
  [{ cron: "0 9 * * *", colour: "red" }, "unrecognized_keys", "", 'a cron schedule has no field "colour": it has cron, timezone, startAt'],
  [{ cron: "0 9 * * *", spread: "5m", calendar: "x" }, "unrecognized_keys", "", '"spread", "calendar"'],
  [{ cron: "0 9 * * *", at: "09:00" }, "unrecognized_keys", "", '"at"'],
  [{ every: "15m", timezone: "UTC" }, "unrecognized_keys", "", 'a fixed interval has no field "timezone"'],
  ["0 9 * * 1-5 PST", "bad_cron", "", 'did you mean "0 9 * * 1-5 America/Los_Angeles"?'],
  ["0 9 * * MON (Europe/Berlin)", "bad_cron", "", 'did you mean "0 9 * * MON Europe/Berlin"?'],
  ["0 0 9 * * 1 CET", "bad_cron", "", 'did you mean "0 0 9 * * 1 in CET"?'],
  ["2026-12-01T09:00[Europe/Berlin]", "bad_instant", "", 'did you mean "2026-12-01T09:00 Europe/Berlin"?'],
  ["*/90 * * * * UTC", "bad_cron", "", 'write 0 * * * * UTC; every 1h30m is a fixed interval: write {"every": "1h30m"}'],
  [{ every: "5" }, "bad_duration", "every", 'did you mean "5m" or "5s"?'],
  [{ every: "2 months" }, "bad_duration", "every", 'write {"cron": "0 0 1 */2 *"}'],
  [{ every: "@every 5m" }, "bad_duration", "every", 'did you mean "5m"?'],
  [{ cron: "every 5 minutes" }, "bad_cron", "cron", 'write {"every": "5m"}'],
  [{ cron: "weekdays at 9am" }, "bad_cron", "cron", 'write {"cron": "0 9 * * 1-5"}'],
  [{ every: 900_000 }, "invalid_type", "every", "with a unit"],
  [{ every: "fortnightly" }, "bad_duration", "every", "such as 15m"],
  [{ every: "99ms" }, "bad_duration", "every", "at least 100ms"],
  [{ every: "401d" }, "bad_duration", "every", "at most 400d"],
  [{ interval: "yearly" }, "invalid_value", "interval", "daily"],
  [{ interval: "daily", at: "25:00" }, "bad_time_of_day", "at", "write 09:00"],
  [{ interval: "daily", on: 1 }, "bad_schedule_on", "on", "a daily schedule has no day"],
  [{ interval: "weekly", on: 1 }, "bad_schedule_on", "on", "is not a weekday"],
  [{ interval: "monthly", on: 32 }, "bad_schedule_on", "on", "a number from 1 to 31"],
  [{ interval: "monthly", on: true }, "invalid_union", "on", "on is a weekday"],
  [{ at: "2026-02-30T00:00:00Z" }, "bad_instant", "at", "does not exist"],
  [{ at: "2026-12-01T09:00:00" }, "bad_instant", "at", "or add a timezone"],
  [{ at: "2026-12-01T09:00:00Z", timezone: "Europe/Berlin" }, "bad_instant", "at", "leave one of them out"],
  [{ at: "2026-12-01T09:00:00", timezone: "Mars" }, "unknown_time_zone", "timezone", '"Mars" is not an IANA time zone'],
  [{ every: "1d", startAt: "2026-01-01" }, "bad_instant", "startAt", "not an instant"],
  [{ every: "1d", endAt: "2026-01-01T00:00:00" }, "bad_instant", "endAt", "names no offset"],
  [
    { every: "1d", startAt: "2026-01-02T00:00:00Z", endAt: "2026-01-02T00:00:00Z" },
    "bad_schedule_window",
    "endAt",
    "must be after startAt",
  ],
  [{ every: "1d", maxRuns: 0 }, "too_small", "maxRuns", ">=1"],
  [{ every: "1d", maxRuns: 1.5 }, "invalid_type", "maxRuns", "expected int"],
  [
    { cron: "0 0 1 1 *", startAt: "2026-01-02T00:00:00Z", endAt: "2026-12-31T00:00:00Z" },
    "schedule_never_fires",
    "endAt",
    "its first instant is 2027-01-01T00:00:00.000Z",
  ],
  [{ at: "2026-01-01T00:00:00Z", endAt: "2025-01-01T00:00:00Z" }, "schedule_never_fires", "endAt", "up to endAt 2025-01-01"],
  [{ at: "2026-01-01T00:00:00Z", startAt: "2027-01-01T00:00:00Z" }, "schedule_never_fires", "startAt", "move startAt"],
  [{ interval: "monthly", on: "last", startAt: "9999-12-31T12:00:00Z" }, "schedule_never_fires", "startAt", "from startAt 9999-12-31"],
  ["every blue moon", "bad_schedule_text", "", '"every blue moon" is not understood'],
  ["every 5ms", "bad_duration", "", "at least 100ms"],
  [{ every: "15M" }, "bad_duration", "every", '"15M" may be months or minutes: write 15m for minutes'],
  [{ every: "9999999M" }, "bad_duration", "every", "is too long"],
  [{ cron: "@every 5m" }, "bad_cron", "cron", '"@every 5m" is a fixed interval, which stands in the field every: write {"every": "5m"}'],
  [{ cron: "rate(1 hour)" }, "bad_cron", "cron", 'write {"every": "1h"}'],
  [
    { cron: "CRON_TZ=Europe/Berlin  0 9 * * *" },
    "bad_cron",
    "cron",
    'stands in the field timezone: write {"cron": "0 9 * * *", "timezone": "Europe/Berlin"}',
  ],
  [{ cron: "0 9 * * * Europe/Berlin" }, "bad_cron", "cron", 'write {"cron": "0 9 * * *", "timezone": "Europe/Berlin"}'],
  [{ cron: `${"1/9,".repeat(40)}2/9 * * * *` }, "bad_cron", "cron", "characters with its ranges in full: at most 200"],
  ["cron(0 10 ? * 2 *) Asia/Tokyo", "bad_cron", "", "write 0 10 ? * MON Asia/Tokyo"],
  ["0 25 * * *", "bad_cron", "", "cron field 2 (hour)"],
  ["daily at 09:00 Europe/Berlim", "unknown_time_zone", "", "did you mean Europe/Berlin?"],
  ["monthly on 45", "bad_schedule_on", "", "a number from 1 to 31"],
  ["x".repeat(201), "too_big", "", "200"],
];

describe("a fault names its code, its path and what to do", () => {
  const rows = FAULTS.map(([wire, code, path, message]) => ({ wire, code, path, message, shown: JSON.stringify(wire) }));

  test.each(rows)("$shown: $code at $path", ({ wire, code, path, message }) => {
    expect(readFaults(wire)).toEqual([{ code, path, message: expect.stringContaining(message) }]);
  });

  test("all fields are looked at before anything is answered", () => {
    const faults = readFaults({ interval: "daily", at: "25:00", timezone: "Mars", startAt: "x", maxRuns: 0, extra: 1 });
    expect(faults.map(({ path }) => path).toSorted()).toEqual(["", "at", "maxRuns", "startAt", "timezone"]);
  });
});

describe("what an answer shows", () => {
  test("is always the object, with null for what is absent", () => {
    expect(showSchedule(ScheduleInput.parse("every 90m"))).toEqual({ every: "1h30m", ...unbounded });
    expect(showSchedule(ScheduleInput.parse("hourly"))).toEqual({ cron: "0 * * * *", timezone: "UTC", ...unbounded });
    expect(showSchedule(ScheduleInput.parse("monthly on the last day at 6pm"))).toEqual({
      interval: "monthly",
      at: "18:00",
      on: "last",
      timezone: "UTC",
      ...unbounded,
    });
    expect(showSchedule(ScheduleInput.parse("2026-12-01T09:00Z"))).toEqual({
      at: "2026-12-01T09:00:00.000Z",
      timezone: null,
      ...unbounded,
    });
    expect(showSchedule(ScheduleInput.parse("2026-12-01 09:00 Europe/Berlin"))).toEqual({
      at: "2026-12-01T09:00:00",
      timezone: "Europe/Berlin",
      ...unbounded,
    });
  });

  test("reads back as an equal schedule, through JSON", () => {
    fc.assert(
      fc.property(scheduleWire, (wire) => {
        const { data: schedule } = ScheduleInput.safeParse(wire);
        fc.pre(schedule !== undefined);
        const view = ScheduleView.parse(JSON.parse(JSON.stringify(showSchedule(schedule))));
        expect(ScheduleInput.parse(view)).toEqual(schedule);
        expect(JSON.parse(JSON.stringify(schedule))).toEqual(schedule);
        expect(sameSchedule(ScheduleInput.parse(view), schedule)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

test("schedules are the same if every field is, in whatever order and spelling they came", () => {
  const schedule = ScheduleInput.parse({ every: "90m", maxRuns: 5 });
  expect(sameSchedule(schedule, { maxRuns: 5, endAt: null, startAt: null, everyMs: 5_400_000, kind: "every" })).toBe(true);
  expect(sameSchedule(ScheduleInput.parse("daily at 9am"), ScheduleInput.parse({ interval: "daily", at: "9:00", timezone: "utc" }))).toBe(
    true,
  );
  expect(sameSchedule(schedule, { ...schedule, maxRuns: 6 })).toBe(false);
  expect(sameSchedule(ScheduleInput.parse("daily"), ScheduleInput.parse("@daily"))).toBe(false);
});

test("the input documents itself as a union of a string and closed objects", () => {
  const options = z.toJSONSchema(ScheduleInput, { io: "input" }).$defs?.["ScheduleInput"]?.anyOf ?? [];
  expect(options.map(({ type, required, additionalProperties }) => ({ type, required, additionalProperties }))).toEqual([
    { type: "string", required: undefined, additionalProperties: undefined },
    { type: "object", required: ["cron"], additionalProperties: false },
    { type: "object", required: ["every"], additionalProperties: false },
    ...["daily", "weekly", "monthly"].map(() => ({ type: "object", required: ["interval"], additionalProperties: false })),
    { type: "object", required: ["at"], additionalProperties: false },
    { type: "object", required: ["at", "timezone"], additionalProperties: false },
  ]);
});

function readFaults(wire: unknown): { code: string; path: string; message: string }[] {
  const issues = ScheduleInput.safeParse(wire).error?.issues ?? [];
  return issues.map((issue) => {
    const code: unknown = issue.code === "custom" ? issue.params?.["code"] : issue.code;
    return { code: String(code), path: issue.path.join("."), message: issue.message };
  });
}
