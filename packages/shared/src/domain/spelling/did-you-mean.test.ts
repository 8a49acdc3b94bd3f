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

test.each([
  ["cron", "schedule"],
  ["timezone", "schedule"],
  ["url", "params"],
  ["payload", "params"],
  ["enabled", "state"],
])("%s, as it is called elsewhere: %s", (word, meant) => {
  expect(didYouMean(word, [...FIELDS, "state"])).toBe(`: did you mean ${meant}?`);
});

test("the end of one name alone", () => {
  expect(didYouMean("attempts", ["maxAttempts", "delayMs"])).toBe(": did you mean maxAttempts?");
  expect(didYouMean("time", ["firstTime", "lastTime"])).toBe("");
});

test.each(["", "x", "ab", "cronometer", "toString", "constructor", "after", "n".repeat(41)])("%j is none of them", (word) => {
  expect(nearestWord(word, FIELDS)).toBeNull();
  expect(didYouMean(word, FIELDS)).toBe("");
});

test("of words that are as near to each other, none is said", () => {
  expect(nearestWord("bat", ["cat", "hat"])).toBeNull();
});
