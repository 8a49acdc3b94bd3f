import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { parseDuration, showDuration } from "./duration.ts";

test.each([
  ["500ms", 500],
  ["2s", 2_000],
  ["15m", 900_000],
  ["1h", 3_600_000],
  ["1h30m", 5_400_000],
  ["90m", 5_400_000],
  ["1d", 86_400_000],
  ["2w", 1_209_600_000],
  [" 1H 30M ", 5_400_000],
  ["1w1d1h1m1s1ms", 694_861_001],
  ["1.5h", 5_400_000],
  ["0.1s", 100],
  ["5 minutes", 300_000],
  ["1 hour and 30 minutes", 5_400_000],
  ["1 hour, 30 mins", 5_400_000],
  ["1h and 30m", 5_400_000],
  ["two weeks", 1_209_600_000],
  ["hour", 3_600_000],
  ["Day", 86_400_000],
  ["PT15M", 900_000],
  ["pt1h30m", 5_400_000],
  ["P1DT12H", 129_600_000],
  ["P2W", 1_209_600_000],
  ["PT0.5S", 500],
])("%s is %d ms", (text, ms) => {
  expect(parseDuration(text)).toEqual({ kind: "parsed", value: ms });
});

test.each([
  "",
  " ",
  "15",
  "m",
  "h",
  "hours",
  "1,5h",
  "-5m",
  "30m1h",
  "1m1m",
  "1 minute 1m",
  "1x",
  "0s",
  "0h0m",
  "1.5ms",
  "0.0000001w",
  "99999999999999w",
  "P",
  "PT",
  "P1M",
  "P1Y",
  "P1H",
  "PT1D",
  "PT1M1H",
])("%p is no duration", (text) => {
  expect(parseDuration(text)).toMatchObject({ kind: "fault", code: "bad_duration", message: expect.stringContaining(text) });
});

test.each(["1M", "15M", " 15 M ", "90M30S"])("%p may be months or minutes", (text) => {
  const minutes = text.trim().toLowerCase();
  const message = `"${text}" may be months or minutes: write ${minutes} for minutes`;
  expect(parseDuration(text)).toEqual({ kind: "fault", code: "bad_duration", message, suggestions: [{ every: minutes }] });
});

test.each(["1H30M", "1D 5M", "15MS", "15m"])("%p is a duration: no month comes behind an hour or a day", (text) => {
  expect(parseDuration(text)).toMatchObject({ kind: "parsed" });
});

test("what is shown reads back as the same duration", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (ms) => {
      expect(parseDuration(showDuration(ms))).toEqual({ kind: "parsed", value: ms });
    }),
  );
});

test("the largest units that fit are shown", () => {
  expect([5_400_000, 86_400_000, 604_800_000, 90_500, 1].map(showDuration)).toEqual(["1h30m", "1d", "1w", "1m30s500ms", "1ms"]);
});
