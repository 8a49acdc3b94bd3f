import { expect, test } from "@jest/globals";
import { NonRetryable } from "../handlers/non-retryable.ts";
import { toRunError } from "./thrown-error.ts";

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
