import { expect, test } from "@jest/globals";
import { expectedStatusesFault, isExpected } from "./expected-statuses.ts";

test.each<[string, readonly number[], readonly number[]]>([
  ["2xx", [200, 204, 299], [199, 300, 404, 500]],
  ["200", [200], [201, 204]],
  ["200,404", [200, 404], [201, 403]],
  ["200, 404", [200, 404], [201, 403]],
  ["200-299", [200, 250, 299], [199, 300]],
  ["2xx,3xx,404", [200, 302, 404], [400, 500]],
  ["any", [200, 302, 404, 503, 999], []],
])("%s", (text, successes, failures) => {
  expect(expectedStatusesFault(text)).toBeNull();
  for (const status of successes) expect([status, isExpected(text, status)]).toEqual([status, true]);
  for (const status of failures) expect([status, isExpected(text, status)]).toEqual([status, false]);
});

test.each(["", "2x", "xx", "99", "600", "6xx", "200,", "200;404", "200-", "200--300", "20x", "ANY", "any,200", " 200", "200  , 404"])(
  "%j is refused with what to write instead",
  (text) => {
    expect(expectedStatusesFault(text)).toBe(
      'must be "any", or classes, statuses and ranges by commas, such as "2xx", "200,404" or "200-299,304"',
    );
  },
);

test("a range that goes down is refused", () => {
  expect(expectedStatusesFault("404-200")).toBe("must have ranges that go upwards, such as 200-299");
  expect(expectedStatusesFault("2xx,404-200")).not.toBeNull();
});
