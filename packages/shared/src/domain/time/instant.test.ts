import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { toIso } from "./instant.ts";

test("an instant is shown as Date.toISOString shows it", () => {
  const known = [0, 1, 99, 100, 999, 1_000, Date.parse("2024-02-29T09:05:07.050Z"), Date.parse("9999-12-31T23:59:59.999Z"), -1, 8.64e15];
  for (const instant of known) expect(toIso(instant)).toBe(new Date(instant).toISOString());
  fc.assert(fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (instant) => toIso(instant) === new Date(instant).toISOString()));
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, 8.65e15, -8.65e15])("%p is no instant", (instant) => {
  expect(() => toIso(instant)).toThrow(RangeError);
});
