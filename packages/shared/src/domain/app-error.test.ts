import { expect, test } from "@jest/globals";
import { AppError, toAppError } from "./app-error.ts";

test("an AppError passes unchanged", () => {
  const fault = new AppError("store_unavailable", "settle run 1", { retryable: true });
  expect(toAppError(fault, "anything")).toBe(fault);
  expect(fault).toMatchObject({ name: "AppError", code: "store_unavailable", retryable: true });
});

test("anything else becomes an internal one, with the deed and its cause", () => {
  const cause = new TypeError("x is not a function");
  expect(toAppError(cause, "settle run 1")).toMatchObject({
    code: "internal",
    retryable: false,
    message: "settle run 1: x is not a function",
    cause,
  });
  expect(toAppError("text", "settle run 1")).toMatchObject({ message: "settle run 1: text", cause: "text" });
  expect(toAppError(undefined, "settle run 1")).toBeInstanceOf(AppError);
});
