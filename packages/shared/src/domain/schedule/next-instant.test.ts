import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { scheduleWire } from "./arbitraries.test-support.ts";
import { instantsAfter, nextInstant } from "./next-instant.ts";
import type { Schedule } from "./schedule.ts";
import { ScheduleInput } from "./input/schedule-input.ts";

const at = (iso: string): number => Date.parse(iso);

const schedules: fc.Arbitrary<Schedule> = scheduleWire
  .map((wire) => ScheduleInput.safeParse(wire).data)
  .filter((schedule) => schedule !== undefined);
const instants = fc.integer({ min: at("1969-12-30T00:00:00Z"), max: at("2110-01-01T00:00:00Z") });

describe("of every schedule", () => {
  test("the instants strictly increase, stay inside the window, and are asked for again with the same answer", () => {
    fc.assert(
      fc.property(schedules, instants, instants, (schedule, anchorAt, after) => {
        let last = after;
        for (const next of instantsAfter(schedule, { anchorAt, after, count: 5 })) {
          expect(next).toBeGreaterThan(last);
          expect(next).toBeGreaterThanOrEqual(schedule.startAt ?? 0);
          expect(next).toBeLessThanOrEqual(schedule.endAt ?? Infinity);
          expect(nextInstant(schedule, { anchorAt, after: next - 1 })).toBe(next);
          expect(nextInstant(schedule, { anchorAt, after: last })).toBe(next);
          last = next;
        }
      }),
      { numRuns: 300 },
    );
  });

  test("no instant lies between a question and its answer", () => {
    fc.assert(
      fc.property(schedules, instants, fc.double({ min: 0, max: 1, noNaN: true }), (schedule, after, part) => {
        const next = nextInstant(schedule, { anchorAt: 0, after });
        fc.pre(next !== null);
        const between = after + Math.floor((next - after) * part);
        expect(nextInstant(schedule, { anchorAt: 0, after: between === next ? next - 1 : between })).toBe(next);
      }),
      { numRuns: 300 },
    );
  });
});

describe("a fixed interval", () => {
  const every = (fields: object = {}): Schedule => ScheduleInput.parse({ every: "15m", ...fields });
  const anchorAt = at("2026-01-01T00:07:00.123Z");

  test("counts from its anchor, which is no instant itself", () => {
    expect(nextInstant(every(), { anchorAt, after: 0 })).toBe(at("2026-01-01T00:22:00.123Z"));
    expect(nextInstant(every(), { anchorAt, after: anchorAt })).toBe(at("2026-01-01T00:22:00.123Z"));
    expect(nextInstant(every(), { anchorAt, after: at("2026-01-01T00:22:00.123Z") })).toBe(at("2026-01-01T00:37:00.123Z"));
  });

  test("counts from startAt, which is its first instant, whatever the anchor", () => {
    const schedule = every({ startAt: "2026-02-01T00:00:00Z" });
    expect(nextInstant(schedule, { anchorAt, after: anchorAt })).toBe(at("2026-02-01T00:00:00Z"));
    expect(nextInstant(schedule, { anchorAt, after: at("2026-02-01T00:00:00Z") })).toBe(at("2026-02-01T00:15:00Z"));
  });

  test("never drifts: however late it is asked, the instants are whole intervals from the anchor", () => {
    const anchors = fc.integer({ min: 0, max: at("2100-01-01T00:00:00Z") });
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 400 * 86_400_000 }), anchors, instants, (everyMs, anchor, after) => {
        const schedule: Schedule = { kind: "every", everyMs, startAt: null, endAt: null, maxRuns: null };
        const next = nextInstant(schedule, { anchorAt: anchor, after }) ?? Number.NaN;
        expect((next - anchor) % everyMs).toBe(0);
        expect(next).toBeGreaterThanOrEqual(anchor + everyMs);
        expect(next - Math.max(after, anchor)).toBeGreaterThan(0);
        expect(next - Math.max(after, anchor)).toBeLessThanOrEqual(everyMs);
      }),
    );
  });

  test("knows nothing of changes of the clock: a day is 24 hours", () => {
    const schedule = ScheduleInput.parse({ every: "1d", startAt: "2026-03-28T08:00:00Z" });
    expect(nextInstant(schedule, { anchorAt: 0, after: at("2026-03-28T08:00:00Z") })).toBe(at("2026-03-29T08:00:00Z"));
  });
});

describe("the window", () => {
  const window = { startAt: "2026-01-05T09:00:00Z", endAt: "2026-01-07T09:00:00Z" };
  const all = (schedule: Schedule): string[] =>
    instantsAfter(schedule, { anchorAt: 0, after: 0, count: 10 }).map((instant) => new Date(instant).toISOString().slice(0, 16));

  test("includes both its ends", () => {
    const days = ["2026-01-05T09:00", "2026-01-06T09:00", "2026-01-07T09:00"];
    expect(all(ScheduleInput.parse({ cron: "0 9 * * *", ...window }))).toEqual(days);
    expect(all(ScheduleInput.parse({ interval: "daily", at: "09:00", ...window }))).toEqual(days);
    expect(all(ScheduleInput.parse({ every: "1d", ...window }))).toEqual(days);
    expect(all(ScheduleInput.parse({ at: "2026-01-07T09:00:00Z", ...window }))).toEqual(["2026-01-07T09:00"]);
  });

  test("still holds its end when it is asked a millisecond before, and nothing at its end", () => {
    const schedule = ScheduleInput.parse({ cron: "0 9 * * *", ...window });
    expect(nextInstant(schedule, { anchorAt: 0, after: at(window.endAt) - 1 })).toBe(at(window.endAt));
    expect(nextInstant(schedule, { anchorAt: 0, after: at(window.endAt) })).toBeNull();
  });

  test("ends a millisecond before an instant without it", () => {
    expect(all(ScheduleInput.parse({ cron: "0 9 * * *", ...window, endAt: "2026-01-07T08:59:59.999Z" }))).toEqual([
      "2026-01-05T09:00",
      "2026-01-06T09:00",
    ]);
    expect(all(ScheduleInput.parse({ cron: "0 9 * * *", ...window, startAt: "2026-01-05T09:00:00.001Z" }))).toEqual([
      "2026-01-06T09:00",
      "2026-01-07T09:00",
    ]);
  });

  test("does not count runs", () => {
    expect(all(ScheduleInput.parse({ cron: "0 9 * * *", ...window, maxRuns: 1 }))).toHaveLength(3);
  });
});

describe("a single instant", () => {
  test("comes once", () => {
    const schedule = ScheduleInput.parse("2026-12-01T09:00:00.500Z");
    expect(nextInstant(schedule, { anchorAt: 0, after: at("2026-12-01T09:00:00.499Z") })).toBe(at("2026-12-01T09:00:00.500Z"));
    expect(nextInstant(schedule, { anchorAt: 0, after: at("2026-12-01T09:00:00.500Z") })).toBeNull();
  });

  test("written as a wall-clock time keeps the rule for gaps and folds", () => {
    const instant = (wall: string): number | null =>
      nextInstant(ScheduleInput.parse({ at: wall, timezone: "Europe/Berlin" }), { anchorAt: 0, after: 0 });
    expect(instant("2026-03-29T02:30:00")).toBe(at("2026-03-29T01:00:00Z"));
    expect(instant("2026-10-25T02:30:00")).toBe(at("2026-10-25T00:30:00Z"));
  });
});

test("a preview is as long as was asked for", () => {
  expect(instantsAfter(ScheduleInput.parse("every 1s"), { anchorAt: 0, after: 0, count: 100 })).toHaveLength(100);
  expect(instantsAfter(ScheduleInput.parse("every 1s"), { anchorAt: 0, after: 0, count: 0 })).toEqual([]);
});
