import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { ALL_SLOTS, isInShard, computeSlot, SLOTS } from "./slot.ts";

test("slots are what they were: they stand in stored rows", () => {
  expect(["", "a", "uid-default-job-1"].map(computeSlot)).toEqual([453, 300, 1]);
});

test("every uid has a slot, always the same", () => {
  fc.assert(
    fc.property(fc.string(), (uid) => {
      const slot = computeSlot(uid);
      expect(Number.isInteger(slot) && isInShard(slot, ALL_SLOTS)).toBe(true);
      expect(computeSlot(uid)).toBe(slot);
    }),
  );
});

test("jobs spread evenly over the slots, and so over leaders", () => {
  const counts = Array.from({ length: SLOTS }, () => 0);
  const jobs = 100 * SLOTS;
  for (let job = 0; job < jobs; job += 1) {
    const slot = computeSlot(`0193b3c4-${String(job).padStart(8, "0")}`);
    counts[slot] = (counts[slot] ?? 0) + 1;
  }
  expect(Math.min(...counts)).toBeGreaterThan(50);
  expect(Math.max(...counts)).toBeLessThan(200);
});

test("a range holds its first slot and not its last", () => {
  const range = { from: 3, to: 5 };
  expect([2, 3, 4, 5].map((slot) => isInShard(slot, range))).toEqual([false, true, true, false]);
  expect(isInShard(3, { from: 3, to: 3 })).toBe(false);
});
