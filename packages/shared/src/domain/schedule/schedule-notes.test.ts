import { expect, test } from "@jest/globals";
import { instantsAfter } from "./next-instant.ts";
import { ScheduleInput } from "./input/schedule-input.ts";
import { scheduleNotes } from "./schedule-notes.ts";

function readNotes(wire: unknown, after: string, count = 5): string[] {
  const schedule = ScheduleInput.parse(wire);
  return scheduleNotes(schedule, instantsAfter(schedule, { anchorAt: 0, after: Date.parse(after), count }));
}

const OR = "day of month and day of week are joined by OR: it runs on every day that matches either of them";

const SKIPS = (day: number | string) => `months without a day ${day} are skipped; the day of month L is the last day of every month`;
const QUARTZ = (remedy: string) => `days of the week are counted from 0 (Sunday), and in Quartz from 1: ${remedy}`;

test.each<{ wire: unknown; after: string; notes: string[] }>([
  { wire: "every 15m", after: "2026-03-28T00:00:00Z", notes: [] },
  { wire: "0 9 * * *", after: "2026-03-28T00:00:00Z", notes: [] },
  { wire: "0 0 13 * FRI", after: "2026-01-01T00:00:00Z", notes: [OR] },
  {
    wire: "30 2 * * * Europe/Berlin",
    after: "2026-03-28T00:00:00Z",
    notes: ["02:30 does not exist on 2026-03-29 in Europe/Berlin: runs at 03:00"],
  },
  {
    wire: "daily at 2:30 Europe/Berlin",
    after: "2026-03-28T00:00:00Z",
    notes: ["02:30 does not exist on 2026-03-29 in Europe/Berlin: runs at 03:00"],
  },
  {
    wire: "daily at 2:30 Europe/Berlin",
    after: "2026-10-24T00:00:00Z",
    notes: ["02:30 comes twice on 2026-10-25 in Europe/Berlin: runs the first time"],
  },
  {
    wire: "*/30 2 * * * Europe/Berlin",
    after: "2026-03-28T00:00:00Z",
    notes: ["02:00 does not exist on 2026-03-29 in Europe/Berlin: does not run"],
  },
  {
    wire: "*/30 2 * * * Europe/Berlin",
    after: "2026-10-24T00:00:00Z",
    notes: ["02:00 comes twice on 2026-10-25 in Europe/Berlin: runs both times"],
  },
  { wire: "daily at 9:00 in EST", after: "2026-03-01T00:00:00Z", notes: ["EST has no summer time: America/New_York has"] },
  { wire: { cron: "0 9 * * *", timezone: "MST" }, after: "2026-03-01T00:00:00Z", notes: ["MST has no summer time: America/Denver has"] },
  { wire: "daily at 9:00 Europe/Berlin", after: "2026-03-28T00:00:00Z", notes: [] },
  {
    wire: "daily at 23:30 America/Nuuk",
    after: "2024-03-30T12:00:00Z",
    notes: ["23:30 does not exist on 2024-03-30 in America/Nuuk: runs at 00:00"],
  },
  {
    wire: "2026-03-29 02:30 Europe/Berlin",
    after: "2026-01-01T00:00:00Z",
    notes: ["02:30 does not exist on 2026-03-29 in Europe/Berlin: runs at 03:00"],
  },
  {
    wire: "2026-10-25 02:30 Europe/Berlin",
    after: "2026-01-01T00:00:00Z",
    notes: ["02:30 comes twice on 2026-10-25 in Europe/Berlin: runs the first time"],
  },
  { wire: "2026-12-01T09:00:00Z", after: "2026-01-01T00:00:00Z", notes: [] },
  {
    wire: "monthly on 31",
    after: "2026-01-01T00:00:00Z",
    notes: ['months without a day 31 are skipped; on "last" runs on the last day of every month'],
  },
  { wire: "monthly on 28", after: "2026-01-01T00:00:00Z", notes: [] },
  { wire: "0 0 31 * *", after: "2026-01-01T00:00:00Z", notes: [SKIPS(31)] },
  { wire: "0 0 30,31W JAN-MAR ?", after: "2026-01-01T00:00:00Z", notes: [SKIPS(30)] },
  { wire: "0 0 29 2 *", after: "2026-01-01T00:00:00Z", notes: [SKIPS(29)] },
  { wire: "0 0 31 JAN,3 *", after: "2026-01-01T00:00:00Z", notes: [] },
  { wire: "0 0 28,31 * *", after: "2026-01-01T00:00:00Z", notes: [] },
  { wire: "0 0 L-29 * *", after: "2026-01-01T00:00:00Z", notes: [SKIPS("L-29")] },
  { wire: "0 0 L-3,L-30W * *", after: "2026-01-01T00:00:00Z", notes: [] },
  { wire: "0 0 31,L * *", after: "2026-01-01T00:00:00Z", notes: [] },
  { wire: "0 0 LW * *", after: "2026-01-01T00:00:00Z", notes: [] },
  { wire: "0 0 31 * FRI", after: "2026-01-01T00:00:00Z", notes: [OR] },
  { wire: "0 0 * * MON#5", after: "2026-01-01T00:00:00Z", notes: ["months without a day MON#5 are skipped"] },
  { wire: "0 0 * * MON#5,1#4", after: "2026-01-01T00:00:00Z", notes: [] },
  {
    wire: "57 2-23/24 * * * Europe/Berlin",
    after: "2026-03-28T00:00:00Z",
    notes: ["02:57 does not exist on 2026-03-29 in Europe/Berlin: runs at 03:00"],
  },
  {
    wire: "57 2/24 * * * Europe/Berlin",
    after: "2026-10-24T00:00:00Z",
    notes: ["02:57 comes twice on 2026-10-25 in Europe/Berlin: runs the first time"],
  },
  { wire: "0 9 ? * 2-6", after: "2026-01-01T00:00:00Z", notes: [QUARTZ("if 2-6 is Quartz's, it is MON-FRI here")] },
  { wire: "0 0 9 ? * 6L *", after: "2026-01-01T00:00:00Z", notes: [QUARTZ("if 6L is Quartz's, it is FRIL here")] },
  { wire: "0 9 ? * 0", after: "2026-01-01T00:00:00Z", notes: [QUARTZ("name the days SUN to SAT to be sure")] },
  { wire: "0 9 ? * MON#2,FRI-MON/2", after: "2026-01-01T00:00:00Z", notes: [] },
  { wire: "0 9 ? * 1-7", after: "2026-01-01T00:00:00Z", notes: [] },
  { wire: "0 9 * * 2-6", after: "2026-01-01T00:00:00Z", notes: [] },
])("$wire after $after", ({ wire, after, notes }) => {
  expect(readNotes(wire, after)).toEqual(notes);
});

test("a change of the clock outside the preview is not noted", () => {
  expect(readNotes("daily at 2:30 Europe/Berlin", "2026-03-20T00:00:00Z", 5)).toEqual([]);
  expect(readNotes("daily at 2:30 Europe/Berlin", "2026-03-29T12:00:00Z", 5)).toEqual([]);
});

test("a fold is noted if the preview ends with its first pass", () => {
  expect(readNotes("daily at 2:30 Europe/Berlin", "2026-10-24T12:00:00Z", 1)).toHaveLength(1);
});

test("there are at most five notes about the clock", () => {
  expect(readNotes("30 2 * 3 SUN Europe/Berlin", "2026-01-01T00:00:00Z", 100)).toHaveLength(5);
});

test("without instants there is nothing to say of the clock", () => {
  expect(scheduleNotes(ScheduleInput.parse("daily at 2:30 Europe/Berlin"), [])).toEqual([]);
});
