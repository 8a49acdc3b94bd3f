import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { reportToken } from "./report-leases.ts";
import { foreignExecutor, reportsWorld } from "./reports.test-support.ts";

const python = foreignExecutor("python-1");

describe("reports have the limits that our own handlers have", () => {
  const deep = JSON.parse("[".repeat(2_000) + "]".repeat(2_000)) as never;
  test.each([
    ["an output that is too large", { output: "x".repeat(70_000) }, { state: "failed", error: { code: "output_too_large" } }],
    ["an output that is too deep", { output: deep }, { state: "failed", error: { code: "output_too_deep" } }],
    [
      "an error of a megabyte",
      { state: "failed", error: { code: "x".repeat(500_000), message: "y".repeat(500_000), retryable: false } },
      { state: "failed", error: { code: "handler_error", message: `${"y".repeat(1_999)}…` } },
    ],
    [
      "a code that is no code",
      { state: "failed", error: { code: "<script>", message: "", retryable: false } },
      { state: "failed", error: { code: "handler_error" } },
    ],
  ] as const)("%s", async (_, ending, expected) => {
    const { dueOn, report, state, close } = await reportsWorld();
    const run = await dueOn("python");
    await report(python.completed(run, ending as never));
    expect(await state(run)).toMatchObject(expected);
    await close();
  });
});

test("no two executors or attempts have the same token, whatever their names", () => {
  const attempt = fc.integer({ min: 1, max: 1_000 });
  const name = fc.stringMatching(/^[a-z0-9/]{1,12}$/);
  fc.assert(
    fc.property(attempt, name, attempt, name, (leftAttempt, left, rightAttempt, right) => {
      const same = leftAttempt === rightAttempt && left === right;
      expect(reportToken({ attempt: leftAttempt, executor: left }) === reportToken({ attempt: rightAttempt, executor: right })).toBe(same);
    }),
  );
});
