import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { ODD_ZONES } from "../arbitraries.test-support.ts";
import { readClock } from "../brute-force.test-support.ts";
import { instantOfWall, segmentAt } from "./zone-clock.ts";

const HOUR = 3_600_000;

test("what a clock shows is the instant and the offset of its segment", () => {
  const zone = fc.constantFrom(...ODD_ZONES, "Asia/Kathmandu", "Africa/Monrovia", "Pacific/Apia", "Asia/Gaza");
  fc.assert(
    fc.property(zone, fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) / 1000 }), (name, seconds) => {
      const at = seconds * 1000;
      const [reading] = readClock(name, { from: at, to: at, stepMs: 1000 });
      const segment = segmentAt(name, at);
      expect(at + segment.offsetMs).toBe(reading?.wall);
      expect(segment.from <= at && at < segment.to).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test.each([
  ["Europe/Berlin", "2026-03-29T01:00:00Z", 1],
  ["Australia/Lord_Howe", "2026-04-04T15:00:00Z", -0.5],
  ["Antarctica/Troll", "2026-03-29T01:00:00Z", 2],
  ["Pacific/Apia", "2011-12-30T10:00:00Z", 24],
])("%s changes exactly at %s by %d h", (zone, change, hours) => {
  const at = Date.parse(change);
  expect(segmentAt(zone, at - 1).to).toBe(at);
  expect(segmentAt(zone, at).from).toBe(at);
  expect(segmentAt(zone, at).offsetMs - segmentAt(zone, at - 1).offsetMs).toBe(hours * HOUR);
});

test("no change is overlooked in zones that change back after a week: Brazil in 2000, Gaza around Ramadan", () => {
  for (const [zone, year] of [
    ["America/Recife", 1999],
    ["America/Boa_Vista", 1999],
    ["Asia/Gaza", 2036],
    ["Asia/Gaza", 2050],
    ["Asia/Gaza", 2070],
  ] as const) {
    const days = readClock(zone, { from: Date.UTC(year, 0, 1), to: Date.UTC(year + 6, 0, 1), stepMs: 24 * HOUR });
    expect(days.filter(({ at, wall }) => at + segmentAt(zone, at).offsetMs !== wall)).toEqual([]);
  }
});

test.each([
  ["2026-03-29T01:59:59", "2026-03-29T00:59:59Z", "the last second before a gap"],
  ["2026-03-29T02:00:00", "2026-03-29T01:00:00Z", "the start of a gap: the first instant behind it"],
  ["2026-03-29T02:59:59", "2026-03-29T01:00:00Z", "the end of a gap: the first instant behind it"],
  ["2026-03-29T03:00:00", "2026-03-29T01:00:00Z", "the first time behind a gap"],
  ["2026-10-25T02:00:00", "2026-10-25T00:00:00Z", "twice: the first time"],
  ["2026-10-25T02:59:59", "2026-10-25T00:59:59Z", "twice: the first time"],
  ["2026-10-25T03:00:00", "2026-10-25T02:00:00Z", "the first time behind a fold"],
])("%s in Berlin is %s: %s", (wall, instant) => {
  expect(instantOfWall("Europe/Berlin", Date.parse(`${wall}Z`))).toBe(Date.parse(instant));
});

test("other names of UTC are UTC", () => {
  for (const zone of ["UTC", "Etc/UTC", "Etc/GMT", "Zulu"])
    expect(segmentAt(zone, 0)).toEqual({ from: -Infinity, to: Infinity, offsetMs: 0 });
});
