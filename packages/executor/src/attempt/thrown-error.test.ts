import { expect, test } from "@jest/globals";
import { ERROR_STACK_MAX } from "@tickline/shared/domain/run/run-error";
import { NonRetryable } from "../handlers/handler.ts";
import { STACK_CHARS_MAX, storedStack, thrownStack, toRunError } from "./thrown-error.ts";

const withCode = (code: unknown) => Object.assign(new Error("failed"), { code });
const unreadable = {
  get message(): string {
    throw new Error("never");
  },
};

test.each<[string, unknown, unknown]>([
  ["an error", new Error("failed"), { code: "handler_error", message: "failed", retryable: true }],
  ["an error with a code", withCode("ECONNREFUSED"), { code: "ECONNREFUSED", message: "failed", retryable: true }],
  ["a code that is a number", withCode(42), { code: "handler_error", message: "failed", retryable: true }],
  ["a code with blanks", withCode("no such code"), { code: "handler_error", message: "failed", retryable: true }],
  ["a code too long", withCode("x".repeat(65)), { code: "handler_error", message: "failed", retryable: true }],
  ["an error without a message", new TypeError(), { code: "handler_error", message: "TypeError", retryable: true }],
  ["text", "failed", { code: "handler_error", message: "failed", retryable: true }],
  ["nothing", undefined, { code: "handler_error", message: "undefined", retryable: true }],
  ["NonRetryable", new NonRetryable("gone"), { code: "non_retryable", message: "gone", retryable: false }],
  [
    "NonRetryable with a code",
    new NonRetryable("gone", { code: "no_customer" }),
    { code: "no_customer", message: "gone", retryable: false },
  ],
  ["a plain object", { code: "odd", message: "thrown", retryable: false }, { code: "odd", message: "thrown", retryable: false }],
  ["an empty object", {}, { code: "handler_error", message: "an object without a message was thrown", retryable: true }],
  ["something unreadable", unreadable, { code: "handler_error", message: "an error that cannot be read: Error", retryable: true }],
])("a handler that throws %s", (_, thrown, error) => {
  expect(toRunError(thrown)).toEqual(error);
});

test("long messages are cut", () => {
  expect(toRunError(new Error("x".repeat(5_000))).message).toHaveLength(2_000);
});

test("the stack of an error, and those of its causes", () => {
  const stack = thrownStack(new Error("outer", { cause: new TypeError("inner") })) ?? "";
  expect(stack).toMatch(/^Error: outer\n\s+at .*thrown-error\.test\.ts.*\ncaused by: TypeError: inner\n/s);
});

test("a stack is cut at its limit, and of endless causes there are four", () => {
  const large = new Error("x".repeat(100_000));
  expect(thrownStack(large)).toHaveLength(STACK_CHARS_MAX);
  const circle = Object.assign(new Error("round"), { stack: "Error: round" });
  circle.cause = circle;
  expect(thrownStack(circle)?.split("caused by:")).toHaveLength(4);
});

test("a stack that is stored with the attempt is shorter, and long messages leave room for the places", () => {
  expect(storedStack(new Error("outer", { cause: new TypeError("inner") }))).toMatch(
    /^Error: outer\n\s+at .*\ncaused by: TypeError: inner\n/s,
  );
  const stack = storedStack(new Error("x".repeat(100_000))) ?? "";
  expect(stack).toMatch(/^Error: x{299}…\n\s+at .*thrown-error\.test\.ts/s);
  expect(stack.length).toBeLessThanOrEqual(ERROR_STACK_MAX);
  expect(storedStack(Object.assign(new Error("deep"), { stack: "at f\n".repeat(1_000) }))).toHaveLength(ERROR_STACK_MAX);
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
])("%s has no stack", (_, thrown) => {
  expect([thrownStack(thrown), storedStack(thrown)]).toEqual([null, null]);
});
