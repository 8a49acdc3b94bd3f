import { expect, test } from "@jest/globals";
import { stopNotice } from "./stop-notice.ts";

test.each([
  [0, 10_000, "Stopping; no run is at work. ctrl-C again ends the process at once."],
  [
    1,
    10_000,
    "Stopping: waiting up to 10 s for 1 run that is at work; then it is given back, to be run again. ctrl-C again ends the process at once, and it is rescued at the next start.",
  ],
  [
    3,
    500,
    "Stopping: waiting up to 0.5 s for 3 runs that are at work; then they are given back, to be run again. ctrl-C again ends the process at once, and they are rescued at the next start.",
  ],
])("%i runs at work and a drain of %i ms", (running, drainMs, line) => {
  expect(stopNotice({ running, drainMs })).toBe(line);
});
