import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { canonicalJson, jsonBytes, JsonObjectSchema } from "./json.ts";

/** The same value with the members of every object in another order. */
const reversed = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(reversed)
    : value === null || typeof value !== "object"
      ? value
      : Object.fromEntries(
          Object.entries(value)
            .reverse()
            .map(([name, member]) => [name, reversed(member)]),
        );

test("equal values give equal text, whatever the order of their members", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
    }),
  );
});

test("the text is JSON of the same value", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("other values give other text", () => {
  const values = [null, 0, "0", "", [], {}, [[]], [null], { a: null }, { a: 1 }, { a: "1" }, { b: 1 }, { a: { b: 1 } }, [1, 2], [2, 1]];
  expect(new Set(values.map(canonicalJson)).size).toBe(values.length);
});

test("members that are undefined are left out", () => {
  expect(canonicalJson({ b: undefined, a: 1 })).toBe('{"a":1}');
});

test("bytes are counted as UTF-8", () => {
  expect(jsonBytes("é")).toBe(4);
  expect(jsonBytes({ a: "😀" })).toBe(12);
  expect(jsonBytes(undefined)).toBe(0);
});

test("only objects are objects", () => {
  for (const value of [null, [], "x", 1, undefined]) expect(JsonObjectSchema.safeParse(value).success).toBe(false);
  expect(JsonObjectSchema.parse({ a: [1, { b: null }] })).toEqual({ a: [1, { b: null }] });
});
