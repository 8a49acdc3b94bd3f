import { expect, test } from "@jest/globals";
import { stopNotice } from "./stop-notice.ts";

const requests = (underWay: number, noticeMs: number) => ({ underWay, noticeMs, answerMs: 5_000 });

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
  expect(stopNotice({ running, drainMs, requests: null })).toBe(line);
  if (running > 0) expect(stopNotice({ running, drainMs, requests: requests(2, 0) })).toBe(line); // Runs take longer.
});

test.each([
  [0, 0, "Stopping; no run is at work. ctrl-C again ends the process at once."],
  [
    0,
    2_000,
    "Stopping: requests are served for 2 s more, while /readyz tells load balancers of it. ctrl-C again ends the process at once.",
  ],
  [1, 0, "Stopping: waiting up to 5 s for 1 request that is under way. ctrl-C again ends the process at once."],
  [3, 2_000, "Stopping: waiting up to 7 s for 3 requests that are under way. ctrl-C again ends the process at once."],
])("no run, %i requests under way and a notice of %i ms", (underWay, noticeMs, line) => {
  expect(stopNotice({ running: 0, drainMs: 0, requests: requests(underWay, noticeMs) })).toBe(line);
});
