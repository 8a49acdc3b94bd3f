import { expect, test } from "@jest/globals";
import { checkOutput } from "./check-output.ts";

const circular: { self?: unknown } = {};
circular.self = circular;

test.each<[string, unknown, unknown]>([
  ["nothing", undefined, null],
  ["null", null, null],
  ["text", "done", "done"],
  ["zero", 0, 0],
  ["a list", [1, undefined, "x"], [1, null, "x"]],
  ["dates and undefined members", { at: new Date(0), gone: undefined }, { at: "1970-01-01T00:00:00.000Z" }],
  ["something that says how it is written", { toJSON: () => ({ short: true }) }, { short: true }],
])("an output of %s is kept as after a round trip through JSON", (_, returned, output) => {
  expect(checkOutput(returned)).toEqual({ kind: "output", output });
});

test.each<[string, unknown]>([
  ["a circle", circular],
  ["a big integer", 1n],
  ["a function", () => 1],
  ["a symbol", Symbol("s")],
  [
    "an object whose getter throws",
    {
      get broken() {
        throw new Error("no");
      },
    },
  ],
])("an output that is %s is refused, and not retried", (_, returned) => {
  expect(checkOutput(returned)).toMatchObject({ kind: "refused", error: { code: "output_not_json", retryable: false } });
});

test.each([
  ["ASCII text just small enough", "x".repeat(65_534), "output"],
  ["ASCII text just too large", "x".repeat(65_535), "refused"],
  ["three-byte characters just small enough", "€".repeat(21_844), "output"],
  ["three-byte characters just too large", "€".repeat(21_845), "refused"],
])("outputs are measured in bytes of JSON: %s", (_, returned, kind) => {
  expect(checkOutput(returned).kind).toBe(kind);
});

test.each([
  [1_000, "output"],
  [1_001, "refused"],
])("an output may be nested a thousand deep: %i", (depth, kind) => {
  expect(checkOutput(JSON.parse("[".repeat(depth) + "]".repeat(depth))).kind).toBe(kind);
});

test("what a handler changes later does not change its output", () => {
  const kept = { list: [1] };
  const checked = checkOutput(kept);
  kept.list.push(2);
  expect(checked).toEqual({ kind: "output", output: { list: [1] } });
});
