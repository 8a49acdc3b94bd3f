import { expect, test } from "@jest/globals";
import { START } from "../../testing/factories.ts";
import { BY_API, readCancel } from "./cancel.ts";
import type { Attempt } from "./run.ts";

const attempt = (state: Attempt["state"]): Attempt => ({
  attempt: 1,
  state,
  startedAt: START,
  finishedAt: START + 5,
  executor: "python-1",
  error: null,
});
const ended = {
  cancel: null,
  cancelRequested: false,
  state: "cancelled",
  finishedAt: START + 5,
  attempts: [attempt("cancelled")],
} as const;

test("who asked stands", () => {
  const cancel = { requestedAt: START, by: BY_API };
  expect(readCancel({ ...ended, cancel, cancelRequested: true })).toBe(cancel);
  expect(readCancel({ ...ended, cancel, attempts: [] })).toBe(cancel);
});

test("without a request, the executor that reported it is the source", () => {
  expect(readCancel(ended)).toEqual({ requestedAt: START + 5, by: { kind: "executor", executor: "python-1" } });
});

test.each([
  ["a request of which an older version noted nothing else", { cancelRequested: true }],
  ["a run that was cancelled between two attempts by an older version", { attempts: [attempt("failed")] }],
  ["a run that never started", { attempts: [] }],
  ["a run that ended otherwise", { state: "failed" }],
] as const)("%s has none", (_, changes) => {
  expect(readCancel({ ...ended, ...changes })).toBeNull();
});
