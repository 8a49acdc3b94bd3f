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
])("%s is %d ms", (text, ms) => {
  expect(parseDuration(text)).toEqual({ kind: "parsed", value: ms });
});

test.each(["", " ", "15", "m", "1.5h", "-5m", "30m1h", "1m1m", "1x", "0s", "0h0m", "1 hour", "99999999999999w"])(
  "%p is no duration",
  (text) => {
    expect(parseDuration(text)).toMatchObject({ kind: "fault", code: "bad_duration", message: expect.stringContaining(text) });
  },
);

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
