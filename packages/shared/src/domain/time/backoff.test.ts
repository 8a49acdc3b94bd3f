import { expect, test } from "@jest/globals";
import { backoffMs, nextBackoffMs } from "./backoff.ts";

test("a wait doubles with each failure up to the largest, and there is none before the first", () => {
  expect([-1, 0, 1, 2, 3, 4, 2_000].map((failures) => backoffMs(failures, 100, 500))).toEqual([0, 0, 100, 200, 400, 500, 500]);
  expect(backoffMs(2_000, 0, 500)).toBe(0);
  expect([null, 100, 200, 300].map((previousMs) => nextBackoffMs(previousMs, 100, 500))).toEqual([100, 200, 400, 500]);
});
