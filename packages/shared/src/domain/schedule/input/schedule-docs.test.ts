import { describe, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { ScheduleInput } from "./schedule-input.ts";

const page = readFileSync(new URL("../../../../../../docs/schedules.md", import.meta.url), "utf8");

/** The code in the first column of the tables between two headings. */
function firstColumn(heading: string): string[] {
  const section = page.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("| `"));
  return rows.flatMap((row) => [...(row.split(" | ")[0] ?? "").matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ""));
}

describe("docs/schedules.md is true:", () => {
  test.each(firstColumn("Short strings"))("the short string %p is accepted", (text) => {
    expect(ScheduleInput.safeParse(text).error).toBeUndefined();
  });

  test.each(firstColumn("Cron lines").filter((text) => text.includes(" ")))("the cron line %p is accepted", (cron) => {
    expect(ScheduleInput.safeParse({ cron }).error).toBeUndefined();
  });

  test.each([...page.matchAll(/`(\{.*?\})`/g)].map((match) => match[1] ?? ""))("the object %s is accepted", (json) => {
    expect(ScheduleInput.safeParse(JSON.parse(json)).error).toBeUndefined();
  });

  test("every error code has its line", () => {
    const codes = [
      "bad_cron",
      "bad_duration",
      "bad_instant",
      "bad_schedule",
      "bad_schedule_on",
      "bad_schedule_text",
      "bad_schedule_window",
    ];
    expect(firstColumn("Error codes").toSorted()).toEqual([...codes, "bad_time_of_day", "schedule_never_fires", "unknown_time_zone"]);
  });
});
