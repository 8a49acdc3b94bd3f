import { expect, test } from "@jest/globals";
import { instantsAfter } from "./next-instant.ts";
import { ScheduleInput } from "./schedule.ts";
import { scheduleNotes } from "./schedule-notes.ts";

function notesOf(wire: unknown, after: string, count = 5): string[] {
  const schedule = ScheduleInput.parse(wire);
  return scheduleNotes(schedule, instantsAfter(schedule, { anchorAt: 0, after: Date.parse(after), count }));
}

const OR = "day of month and day of week are joined by OR: it runs on every day that matches either of them";

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
])("$wire after $after", ({ wire, after, notes }) => {
  expect(notesOf(wire, after)).toEqual(notes);
});

test("a change of the clock outside the preview is not noted", () => {
  expect(notesOf("daily at 2:30 Europe/Berlin", "2026-03-20T00:00:00Z", 5)).toEqual([]);
  expect(notesOf("daily at 2:30 Europe/Berlin", "2026-03-29T12:00:00Z", 5)).toEqual([]);
});

test("a fold is noted if the preview ends with its first pass", () => {
  expect(notesOf("daily at 2:30 Europe/Berlin", "2026-10-24T12:00:00Z", 1)).toHaveLength(1);
});

test("there are at most five notes about the clock", () => {
  expect(notesOf("30 2 * 3 SUN Europe/Berlin", "2026-01-01T00:00:00Z", 100)).toHaveLength(5);
});

test("without instants there is nothing to say of the clock", () => {
  expect(scheduleNotes(ScheduleInput.parse("daily at 2:30 Europe/Berlin"), [])).toEqual([]);
});
