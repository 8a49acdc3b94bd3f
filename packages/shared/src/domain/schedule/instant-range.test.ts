import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { scheduleWire } from "./arbitraries.test-support.ts";
import { countInstants, lastInstantIn } from "./instant-range.ts";
import { instantsAfter } from "./next-instant.ts";
import type { Schedule } from "./schedule.ts";
import { ScheduleInput } from "./input/schedule-input.ts";

const schedules: fc.Arbitrary<Schedule> = scheduleWire
  .map((wire) => ScheduleInput.safeParse(wire).data)
  .filter((schedule) => schedule !== undefined);
const instants = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2040, 0, 1) });

test("what a range holds is what a walk through it finds", () => {
  fc.assert(
    fc.property(schedules, instants, instants, fc.integer({ min: 0, max: 40 }), (schedule, anchorAt, after, index) => {
      const walk = instantsAfter(schedule, { anchorAt, after, count: 40 });
      fc.pre(walk.length > 0);
      const last = walk[Math.min(index, walk.length - 1)] ?? 0;
      const inside = walk.filter((instant) => instant <= last);
      for (const until of [last, last + 1]) {
        const range = { anchorAt, after, until };
        const held = instantsAfter(schedule, { anchorAt, after: last, count: 1 })[0] === until ? [...inside, until] : inside;
        expect(lastInstantIn(schedule, range)).toBe(held.at(-1));
        expect(countInstants(schedule, { ...range, countMax: 1_000 })).toEqual({
          count: held.length,
          first: held[0],
          last: held.at(-1),
          complete: true,
        });
      }
    }),
    { numRuns: 150 },
  );
});

test("an empty range holds nothing", () => {
  const schedule = ScheduleInput.parse("0 9 * * *");
  const range = { anchorAt: 0, after: Date.parse("2026-01-01T09:00:00Z"), until: Date.parse("2026-01-02T08:59:59.999Z") };
  expect(lastInstantIn(schedule, range)).toBeNull();
  expect(countInstants(schedule, { ...range, countMax: 10 })).toEqual({ count: 0, first: null, last: null, complete: true });
});

test("counting stops at its limit and says where", () => {
  const range = { anchorAt: 0, after: 0, until: 1_000_000 };
  for (const schedule of [ScheduleInput.parse("every 1s"), ScheduleInput.parse("* * * * * *")]) {
    expect(countInstants(schedule, { ...range, countMax: 3 })).toEqual({ count: 3, first: 1_000, last: 3_000, complete: false });
    expect(countInstants(schedule, { ...range, countMax: 1_000 })).toEqual({ count: 1_000, first: 1_000, last: 1_000_000, complete: true });
  }
});

test("a century of a fixed interval of 100 ms is counted at once", () => {
  const range = { anchorAt: 0, after: 0, until: Date.UTC(2070, 0, 1) };
  expect(countInstants(ScheduleInput.parse("every 100ms"), { ...range, countMax: Infinity }).count).toBe(range.until / 100);
  expect(lastInstantIn(ScheduleInput.parse("every 100ms"), range)).toBe(range.until);
});

test("a range of a fixed interval ends with endAt", () => {
  const schedule = ScheduleInput.parse({ every: "1s", endAt: "1970-01-01T00:00:05.500Z" });
  const range = { anchorAt: 0, after: 0, until: 1_000_000 };
  expect(countInstants(schedule, { ...range, countMax: 100 })).toEqual({ count: 5, first: 1_000, last: 5_000, complete: true });
  expect(lastInstantIn(schedule, range)).toBe(5_000);
});
