import { expect, test } from "@jest/globals";
import { didYouMean, nearestWord } from "./did-you-mean.ts";

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

test("of words that are as near to each other, none is said", () => {
  expect(nearestWord("bat", ["cat", "hat"])).toBeNull();
});
