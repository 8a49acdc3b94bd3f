import { expect, test } from "@jest/globals";
import { START } from "../../testing/factories.ts";
import { readAttemptError, readCancel, readError } from "./stored-run.ts";

const ERROR = { code: "boom", message: "it broke", retryable: true };

test("who asked for a cancel is read as it was stored, and is unknown where it cannot be read", () => {
  const cancel = { requestedAt: START, by: { kind: "command", source: "billing", commandId: "c-1" } };
  expect(readCancel(cancel)).toEqual(cancel);
  for (const stored of [undefined, null, "torn", { by: cancel.by }, { requestedAt: START }, { requestedAt: START, by: { kind: "newer" } }])
    expect(readCancel(stored)).toBeNull();
});

test("the stack that is stored with an error is its attempt's alone", () => {
  const stored = { ...ERROR, stack: "Error: it broke" };
  expect([readError(stored, false), readAttemptError(stored, false)]).toEqual([ERROR, stored]);
  expect(readAttemptError({ ...ERROR, stack: 5 }, false)).toEqual(ERROR);
  for (const read of [readError, readAttemptError]) {
    expect(read(null, false)).toBeNull();
    expect([read(null, true)?.code, read("torn", false)?.code]).toEqual(["unreadable", "unreadable"]);
  }
});
