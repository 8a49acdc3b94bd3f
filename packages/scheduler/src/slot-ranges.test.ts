import { expect, test } from "@jest/globals";
import { isInShard, SLOTS } from "@tickline/shared/domain/slot";
import { rangeName, slotRanges } from "./slot-ranges.ts";

test.each([1, 2, 3, 7, 8, 64, 1_000, SLOTS])("%i ranges hold every slot once, and differ by one slot at most", (count) => {
  const ranges = slotRanges(count);
  expect(ranges).toHaveLength(count);
  for (let slot = 0; slot < SLOTS; slot += 1) expect(ranges.filter((range) => isInShard(slot, range))).toHaveLength(1);
  const sizes = ranges.map(({ from, to }) => to - from);
  expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
});

test("a range is named by its slots", () => {
  expect(slotRanges(2).map(rangeName)).toEqual(["0-512", "512-1024"]);
});
