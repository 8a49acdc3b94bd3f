import { expect, test } from "@jest/globals";
import { editDistance, nearestTo } from "./edit-distance.ts";

test.each([
  ["", "", 0],
  ["", "abc", 3],
  ["monday", "monday", 0],
  ["moday", "monday", 1],
  ["nmae", "name", 1],
  ["kitten", "sitting", 3],
])("from %p to %p it is %d", (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
  expect(editDistance(b, a)).toBe(distance);
});

test("all that are nearest are found, and nothing that is too far away", () => {
  const words = ["name", "handler", "timeoutMs", "retry"];
  expect(nearestTo("nmae", words)).toEqual(["name"]);
  expect(nearestTo("sonday", ["monday", "sunday", "tuesday"])).toEqual(["monday", "sunday"]);
  expect(nearestTo("colour", words)).toEqual([]);
  expect(nearestTo("x".repeat(41), ["x".repeat(41)])).toEqual([]);
});
