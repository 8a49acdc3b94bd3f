import { expect, test } from "@jest/globals";
import { ExpectSchema, isExpected } from "./expect-status.ts";

test.each<[string, readonly number[], readonly number[]]>([
  ["2xx", [200, 204, 299], [199, 300, 404, 500]],
  ["200", [200], [201, 204]],
  ["200,404", [200, 404], [201, 403]],
  ["200, 404", [200, 404], [201, 403]],
  ["200-299", [200, 250, 299], [199, 300]],
  ["2xx,3xx,404", [200, 302, 404], [400, 500]],
  ["any", [200, 302, 404, 503], []],
])("%s", (text, successes, failures) => {
  const expected = ExpectSchema.parse(text);
  for (const status of successes) expect([status, isExpected(expected, status)]).toEqual([status, true]);
  for (const status of failures) expect([status, isExpected(expected, status)]).toEqual([status, false]);
});

test("by default a 2xx is a success", () => {
  expect(ExpectSchema.parse(undefined)).toBe("2xx");
});

test.each(["", "2x", "xx", "99", "600", "6xx", "200,", "200;404", "200-", "200--300", "20x", "ANY", "any,200", " 200", "200  , 404"])(
  "%j is refused with what to write instead",
  (text) => {
    const { error } = ExpectSchema.safeParse(text);
    expect(error?.issues.map(({ message }) => message)).toEqual([
      'must be "any", or classes, statuses and ranges by commas, such as "2xx", "200,404" or "200-299,304"',
    ]);
  },
);

test("a range that goes down is refused", () => {
  const { error } = ExpectSchema.safeParse("404-200");
  expect(error?.issues.map(({ message }) => message)).toEqual(["a range must go upwards, such as 200-299"]);
});
