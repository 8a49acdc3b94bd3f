import { expect, test } from "@jest/globals";
import { SECOND, START } from "@tickline/shared/testing/factories";
import { planHeartbeat } from "./heartbeat-plan.ts";
import { makeLeaseToken } from "./lease-token.ts";

const GRACE_MS = 10 * SECOND;
const TIMEOUT_AT = START + 60 * SECOND;
const held = (runId: string, { leaseMs = 30 * SECOND, secret = "0123456789abcdefABCD-_" } = {}) => ({
  runId,
  token: makeLeaseToken({ startedAt: START, timeoutAt: TIMEOUT_AT, leaseMs }, secret),
});
const plan = (attempts: readonly ReturnType<typeof held>[], now = START) => planHeartbeat(attempts, now, GRACE_MS);

test("leases of one length are renewed together", () => {
  const [a, b, c] = [held("a"), held("b"), held("c", { leaseMs: SECOND })];
  expect(plan([a, c, b])).toEqual({
    renewals: [
      { leaseMs: 30 * SECOND, attempts: [a, b] },
      { leaseMs: SECOND, attempts: [c] },
    ],
    overTime: new Set(),
    timedOut: [],
  });
});

test("two attempts of one run are renewed apart: the answer names the run alone", () => {
  const [first, second] = [held("a"), held("a", { secret: "another-secret-of-22-c" })];
  expect(plan([first, second]).renewals.map(({ attempts }) => attempts)).toEqual([[first], [second]]);
});

test.each([
  [TIMEOUT_AT - 1, "renewed"],
  [TIMEOUT_AT, "asked to end"],
  [TIMEOUT_AT + GRACE_MS - 1, "asked to end"],
  [TIMEOUT_AT + GRACE_MS, "failed"],
] as const)("at %d an attempt that is over its time at 60 s is %s", (now, state) => {
  const attempt = held("a");
  const { renewals, overTime, timedOut } = plan([attempt], now);
  expect([renewals.length, overTime.has(attempt), timedOut.includes(attempt)]).toEqual([
    state === "failed" ? 0 : 1,
    state === "asked to end",
    state === "failed",
  ]);
});

test("a token that no claim has made is left out", () => {
  expect(plan([{ runId: "a", token: "report/1/python" }])).toEqual({ renewals: [], overTime: new Set(), timedOut: [] });
});
