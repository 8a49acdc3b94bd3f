import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { INSTANT_MAX, INSTANT_MIN, parseInstant, parseIsoTime } from "./iso-time.ts";

test.each([
  ["2026-12-01T09:00:00Z", "2026-12-01T09:00:00.000Z"],
  ["2026-12-01T09:00Z", "2026-12-01T09:00:00.000Z"],
  ["2026-12-01t09:00:00.5z", "2026-12-01T09:00:00.500Z"],
  ["2026-12-01T09:00:00.123456789Z", "2026-12-01T09:00:00.123Z"],
  ["2026-12-01T09:00:00+05:45", "2026-12-01T03:15:00.000Z"],
  ["2026-12-01T09:00:00-03:30", "2026-12-01T12:30:00.000Z"],
  ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"],
  ["1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"],
  ["9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"],
])("%s is %s", (text, iso) => {
  expect(parseInstant(text)).toEqual({ kind: "parsed", value: Date.parse(iso) });
});

describe("refused is", () => {
  test.each([
    ["2026-02-30T00:00:00Z", "does not exist"],
    ["2026-02-29T00:00:00Z", "does not exist"],
    ["2026-13-01T00:00:00Z", "does not exist"],
    ["2026-00-10T00:00:00Z", "does not exist"],
    ["2026-01-01T24:00:00Z", "does not exist"],
    ["2026-01-01T23:59:60Z", "does not exist"],
    ["2026-01-01T00:60:00Z", "does not exist"],
    ["2026-01-01T00:00:00+24:00", "offset that does not exist"],
    ["2026-01-01T00:00:00+01:60", "offset that does not exist"],
    ["1969-12-31T23:59:59Z", "1970 to 9999"],
    ["1970-01-01T00:00:00+01:00", "1970 to 9999"],
    ["9999-12-31T23:59:59-01:00", "1970 to 9999"],
    ["0026-01-01T00:00:00Z", "does not exist"],
    ["2026-01-01T00:00:00", "names no offset"],
    ["2026-01-01", "not an instant"],
    ["1767225600000", "not an instant"],
    ["Thu, 01 Jan 2026 00:00:00 GMT", "not an instant"],
    ["+012026-01-01T00:00:00Z", "not an instant"],
    ["tomorrow", "not an instant"],
    ["", "not an instant"],
  ])("%p: %s", (text, why) => {
    expect(parseInstant(text)).toMatchObject({ kind: "fault", code: "bad_instant", message: expect.stringContaining(why) });
  });
});

test("every instant in range reads back from its ISO text", () => {
  fc.assert(
    fc.property(fc.integer({ min: INSTANT_MIN, max: INSTANT_MAX }), (instant) => {
      expect(parseInstant(new Date(instant).toISOString())).toEqual({ kind: "parsed", value: instant });
    }),
  );
});

test("without an offset it is a time on some wall", () => {
  const wall = Date.UTC(2026, 11, 1, 9);
  expect(parseIsoTime("2026-12-01T09:00")).toEqual({ kind: "parsed", value: { wall, offsetMs: null } });
  expect(parseIsoTime("2026-12-01T09:00-01:00")).toEqual({ kind: "parsed", value: { wall, offsetMs: -3_600_000 } });
});
