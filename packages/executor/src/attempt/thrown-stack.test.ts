import { expect, test } from "@jest/globals";
import { ERROR_STACK_MAX } from "@tickline/shared/domain/run-error";
import { keptStack, STACK_CHARS_MAX, thrownStack } from "./thrown-stack.ts";

test("the stack of an error, and those of its causes", () => {
  const stack = thrownStack(new Error("outer", { cause: new TypeError("inner") })) ?? "";
  expect(stack).toMatch(/^Error: outer\n\s+at .*thrown-stack\.test\.ts.*\ncaused by: TypeError: inner\n/s);
});

test("it is cut at its limit, and of endless causes there are four", () => {
  const large = new Error("x".repeat(100_000));
  expect(thrownStack(large)).toHaveLength(STACK_CHARS_MAX);
  const circle = Object.assign(new Error("round"), { stack: "Error: round" });
  circle.cause = circle;
  expect(thrownStack(circle)?.split("caused by:")).toHaveLength(4);
});

test("what is kept with the attempt is shorter, and long messages leave room for the places", () => {
  expect(keptStack(new Error("outer", { cause: new TypeError("inner") }))).toMatch(
    /^Error: outer\n\s+at .*\ncaused by: TypeError: inner\n/s,
  );
  const stack = keptStack(new Error("x".repeat(100_000))) ?? "";
  expect(stack).toMatch(/^Error: x{299}…\n\s+at .*thrown-stack\.test\.ts/s);
  expect(stack.length).toBeLessThanOrEqual(ERROR_STACK_MAX);
  expect(keptStack(Object.assign(new Error("deep"), { stack: "at f\n".repeat(1_000) }))).toHaveLength(ERROR_STACK_MAX);
});

test.each([
  ["nothing", undefined],
  ["text", "boom"],
  ["an object without a stack", { message: "boom" }],
  ["an error whose stack is removed", Object.assign(new Error("boom"), { stack: undefined })],
  [
    "an object that cannot be read",
    {
      get stack(): string {
        throw new Error("no");
      },
    },
  ],
])("%s has none", (_, thrown) => {
  expect([thrownStack(thrown), keptStack(thrown)]).toEqual([null, null]);
});
