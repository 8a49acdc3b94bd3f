import { expect, test } from "@jest/globals";
import { parseSpokenTime, parseTimeOfDay } from "./time-of-day.ts";

test.each([
  ["09:00", "09:00"],
  ["9:00", "09:00"],
  ["23:59:59", "23:59:59"],
  ["00:00:00", "00:00"],
])("%s is written %s", (text, value) => {
  expect(parseTimeOfDay(text)).toEqual({ kind: "parsed", value });
});

test.each(["24:00", "9", "9:5", "09:60", "09:00:60", "9am", "", "noon", "009:00"])("%p is no time of day", (text) => {
  expect(parseTimeOfDay(text)).toMatchObject({ kind: "fault", code: "bad_time_of_day", message: expect.stringContaining(`"${text}"`) });
});

test.each([
  ["9am", "09:00"],
  ["12am", "00:00"],
  ["12pm", "12:00"],
  ["5:30 PM", "17:30"],
  ["noon", "12:00"],
  ["Midnight", "00:00"],
  ["17:30", "17:30"],
])("a person may say %s for %s", (text, value) => {
  expect(parseSpokenTime(text)).toEqual({ kind: "parsed", value });
});

test.each(["9", "0am", "13pm", "5:60pm", "teatime"])("%p is no time that a person says", (text) => {
  expect(parseSpokenTime(text)).toMatchObject({ kind: "fault", code: "bad_time_of_day", message: expect.stringContaining("9am") });
});
