import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { computeLateness, percentile, computeSpread } from "./statistics.ts";

describe("the spread of several runs", () => {
  test("of one run is that run", () => {
    expect(computeSpread([7])).toEqual({ min: 7, median: 7, max: 7 });
  });
  test("of an odd number has the middle one as its median, whatever the order", () => {
    expect(computeSpread([30, 10, 20])).toEqual({ min: 10, median: 20, max: 30 });
  });
  test("of an even number has a value that was measured as its median", () => {
    expect(computeSpread([1, 2, 10, 20])).toEqual({ min: 1, median: 2, max: 20 });
  });
  test("of nothing is refused", () => {
    expect(() => computeSpread([])).toThrow("nothing was measured");
  });
  test("sorts numbers as numbers", () => {
    expect(computeSpread([9, 10, 100])).toEqual({ min: 9, median: 10, max: 100 });
  });
});

describe("percentiles", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  test.each([
    [0, 1],
    [1, 1],
    [50, 50],
    [99, 99],
    [99.5, 100],
    [100, 100],
  ])("the %dth of 1 to 100 is %d", (percent, value) => {
    expect(percentile(hundred, percent)).toBe(value);
  });
  test("property: at least that share of all values does not exceed it, and it is one of them", () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), fc.integer({ min: 0, max: 100 }), (values, percent) => {
        const sorted = Float64Array.from(values).sort();
        const found = percentile(sorted, percent);
        expect(values).toContain(found);
        expect(values.filter((value) => value <= found).length / values.length).toBeGreaterThanOrEqual(percent / 100);
      }),
    );
  });
});

test("lateness is summarised by count, median, tail and extremes", () => {
  const values = Float64Array.from({ length: 1_000 }, (_, index) => 999 - index);
  expect(computeLateness(values)).toEqual({ count: 1_000, minMs: 0, p50Ms: 499, p99Ms: 989, maxMs: 999 });
});
