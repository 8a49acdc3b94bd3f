import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { didYouMean, editDistance, nearestWord } from "./did-you-mean.ts";

const FIELDS = ["name", "description", "tags", "handler", "params", "schedule", "queue", "retry", "timeoutMs", "overlap", "misfire"];

test.each([
  ["nmae", "name"],
  ["Name", "name"],
  ["timeout", "timeoutMs"],
  ["retries", "retry"],
  ["handlr", "handler"],
  ["param", "params"],
  ["tag", "tags"],
  ["sheduel", "schedule"],
])("%s: %s", (word, meant) => {
  expect(nearestWord(word, FIELDS)).toBe(meant);
  expect(didYouMean(word, FIELDS)).toBe(`: did you mean ${meant}?`);
});

test.each(["", "x", "ab", "cron", "command", "toString", "n".repeat(41)])("%j is none of them", (word) => {
  expect(nearestWord(word, FIELDS)).toBeNull();
  expect(didYouMean(word, FIELDS)).toBe("");
});

test("a distance is 0 for equal words alone, and the same in both directions", () => {
  const word = fc.string({ maxLength: 8, unit: fc.constantFrom("a", "b", "c") });
  fc.assert(
    fc.property(word, word, (a, b) => {
      const distance = editDistance(a, b);
      expect(distance).toBe(editDistance(b, a));
      expect(distance === 0).toBe(a === b);
      expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
    }),
  );
  expect(editDistance("abcd", "abdc")).toBe(1);
});
