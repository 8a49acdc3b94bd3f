import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { ODD_ZONES } from "../arbitraries.test-support.ts";
import { instantsReached, readClock } from "../brute-force.test-support.ts";
import { type CalendarTimes, WEEKDAYS } from "./calendar.ts";
import { instantsAfter } from "../next-instant.ts";

test("a calendar schedule agrees with a walk over Intl for a year, in every odd zone", () => {
  const [from, to] = [Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 1)];
  const stepMs = 15 * 60_000;
  const clocks = ODD_ZONES.map((zone) => ({ zone, readings: readClock(zone, { from, to, stepMs }) }));
  const hour = fc.constantFrom(0, 1, 2, 3, 23);
  const day = fc.oneof(fc.constant(null), fc.constantFrom(...WEEKDAYS), fc.constantFrom(1, 25, 28, 29, 30, 31, "last" as const));
  fc.assert(
    fc.property(fc.constantFrom(...clocks), hour, fc.constantFrom(0, 15, 30, 45), (clock, ...time) => {
      fc.assert(
        fc.property(day, (on) => {
          const interval = on === null ? "daily" : WEEKDAYS.some((name) => name === on) ? "weekly" : "monthly";
          const at = time.map((n) => String(n).padStart(2, "0")).join(":");
          const schedule = { kind: "calendar", interval, at, on, timezone: clock.zone, startAt: null, endAt: null, maxRuns: null } as const;
          const expected = instantsReached(clock.readings, (wall) => isAt(wall, time) && isOn(new Date(wall), on), stepMs);
          const actual = instantsAfter(schedule, { anchorAt: 0, after: from, count: 400 }).filter((instant) => instant <= to);
          expect(actual).toEqual(expected);
        }),
        { numRuns: 4 },
      );
    }),
    { numRuns: 12 },
  );
});

const isAt = (wall: number, [hour = 0, minute = 0]: readonly number[]): boolean => wall % 86_400_000 === (hour * 60 + minute) * 60_000;

function isOn(date: Date, on: CalendarTimes["on"]): boolean {
  if (on === null) return true;
  if (on === "last") return new Date(date.getTime() + 86_400_000).getUTCDate() === 1;
  return typeof on === "number" ? date.getUTCDate() === on : date.getUTCDay() === WEEKDAYS.indexOf(on);
}
