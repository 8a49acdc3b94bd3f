import { expect, test } from "@jest/globals";
import { ERROR_CODE_MAX, ERROR_MESSAGE_MAX, runError } from "./run-error.ts";

test("an error is kept as it is", () => {
  expect(runError("http_status", "500", true)).toEqual({ code: "http_status", message: "500", retryable: true });
  expect(runError("c".repeat(ERROR_CODE_MAX), "m".repeat(ERROR_MESSAGE_MAX), false)).toMatchObject({
    message: "m".repeat(ERROR_MESSAGE_MAX),
  });
});

test("what is too long is cut, and the message shows it", () => {
  const { code, message } = runError("c".repeat(200), "m".repeat(ERROR_MESSAGE_MAX + 1), false);
  expect(code).toHaveLength(ERROR_CODE_MAX);
  expect(message).toHaveLength(ERROR_MESSAGE_MAX);
  expect(message.endsWith("m…")).toBe(true);
});
