import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { cronOfMinutes, cronOfSeconds } from "../arbitraries.test-support.ts";
import { bruteForceCron, readClock } from "../brute-force.test-support.ts";
import { firstCronInstant, nextCronInstant } from "./cron.ts";

const [SECOND, MINUTE, HOUR] = [1_000, 60_000, 3_600_000];

/** Changes of clocks: zone, the instant, how far they jump. */
const CHANGES: readonly [zone: string, at: string, jump: string][] = [
  ["Australia/Lord_Howe", "2026-04-04T15:00:00Z", "half an hour back"],
  ["Australia/Lord_Howe", "2026-10-03T15:30:00Z", "half an hour ahead"],
  ["Antarctica/Troll", "2026-03-29T01:00:00Z", "two hours ahead"],
  ["Antarctica/Troll", "2026-10-25T01:00:00Z", "two hours back"],
  ["Pacific/Chatham", "2026-04-04T14:00:00Z", "an hour back at 03:45"],
  ["Pacific/Chatham", "2026-09-26T14:00:00Z", "an hour ahead at 02:45"],
  ["Asia/Gaza", "2026-03-28T00:00:00Z", "an hour ahead"],
  ["Asia/Gaza", "2026-10-23T23:00:00Z", "an hour back"],
  ["America/New_York", "2026-03-08T07:00:00Z", "an hour ahead"],
  ["America/New_York", "2026-11-01T06:00:00Z", "an hour back"],
  ["Europe/Berlin", "2026-03-29T01:00:00Z", "an hour ahead"],
  ["Europe/Berlin", "2026-10-25T01:00:00Z", "an hour back"],
  ["America/Nuuk", "2024-03-31T01:00:00Z", "from 23:00 to 00:00 of the next day"],
  ["America/Scoresbysund", "2026-10-25T01:00:00Z", "from 00:00 back to 23:00 of the day before"],
  ["Africa/Cairo", "2026-04-23T22:00:00Z", "an hour ahead at midnight"],
  ["Africa/Casablanca", "2026-02-15T02:00:00Z", "an hour back for Ramadan"],
  ["Pacific/Apia", "2011-12-30T10:00:00Z", "a whole day ahead"],
];

function instantsBetween(times: { cron: string; timezone: string }, from: number, to: number): number[] {
  const instants: number[] = [];
  for (let next = firstCronInstant(times, from); next !== null && next <= to; next = firstCronInstant(times, next)) instants.push(next);
  return instants;
}

describe("around a change of the clock, cron agrees with a walk over Intl", () => {
  test.each(CHANGES)("by the minute: %s at %s, %s", (timezone, at) => {
    const [from, to] = [Date.parse(at) - 30 * HOUR, Date.parse(at) + 30 * HOUR];
    const readings = readClock(timezone, { from, to, stepMs: MINUTE });
    fc.assert(
      fc.property(cronOfMinutes, (cron) => {
        expect(instantsBetween({ cron, timezone }, from, to)).toEqual(bruteForceCron(cron, readings, MINUTE));
      }),
      { numRuns: 25 },
    );
  });

  test.each(CHANGES.slice(0, 6))("by the second: %s at %s, %s", (timezone, at) => {
    const [from, to] = [Date.parse(at) - 1.2 * HOUR, Date.parse(at) + 2.2 * HOUR];
    const readings = readClock(timezone, { from, to, stepMs: SECOND });
    fc.assert(
      fc.property(cronOfSeconds, (cron) => {
        expect(instantsBetween({ cron, timezone }, from, to)).toEqual(bruteForceCron(cron, readings, SECOND));
      }),
      { numRuns: 8 },
    );
  });

  test.each(CHANGES)("from any instant on: %s at %s, %s", (timezone, at) => {
    const [from, to] = [Date.parse(at) - 4 * HOUR, Date.parse(at) + 4 * HOUR];
    const readings = readClock(timezone, { from: from - 30 * HOUR, to: to + 30 * HOUR, stepMs: MINUTE });
    fc.assert(
      fc.property(cronOfMinutes, fc.integer({ min: from, max: to }), (cron, after) => {
        const expected = bruteForceCron(cron, readings, MINUTE).find((instant) => instant > after);
        const actual = firstCronInstant({ cron, timezone }, after) ?? Number.POSITIVE_INFINITY;
        if (expected === undefined) expect(actual).toBeGreaterThan(to + 30 * HOUR);
        else expect(actual).toBe(expected);
      }),
      { numRuns: 20 },
    );
  });
});

test("what is remembered never changes an answer, in whatever order the questions come", () => {
  const from = Date.parse("2026-03-28T00:00:00Z");
  const afters = fc.array(fc.integer({ min: from, max: from + 72 * HOUR }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(cronOfMinutes, afters, (cron, questions) => {
      const times = { cron, timezone: "Europe/Berlin" };
      for (const after of questions) expect(nextCronInstant(times, after)).toBe(firstCronInstant(times, after));
    }),
    { numRuns: 200 },
  );
});

test("a line that comes every eight years at most is found, also across 2100, which is no leap year", () => {
  const times = { cron: "*/30 12 29 2 *", timezone: "Europe/Berlin" };
  expect(firstCronInstant(times, Date.parse("2096-03-01T00:00:00Z"))).toBe(Date.parse("2104-02-29T11:00:00Z"));
});

test("cron goes on to the end of the year 9999 and no further", () => {
  const times = { cron: "0 0 31 12 *", timezone: "UTC" };
  expect(firstCronInstant(times, Date.parse("9998-12-31T00:00:00Z"))).toBe(Date.parse("9999-12-31T00:00:00Z"));
  expect(firstCronInstant(times, Date.parse("9999-12-31T00:00:00Z"))).toBeNull();
  expect(firstCronInstant({ cron: "*/7 * 31 12 *", timezone: "Europe/Berlin" }, Date.parse("9999-12-31T23:59:00Z"))).toBeNull();
});
