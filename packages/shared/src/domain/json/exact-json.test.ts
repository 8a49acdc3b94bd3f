import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { anyCodePoint } from "../../testing/any-code-point.ts";
import { alteredIn, isAsWritten } from "./exact-json.ts";

const TO_THE_LAST = "JSON numbers are kept to 15 digits or more, text in quotes to the last";

test.each([
  "0",
  "-0",
  "1.0",
  "1e3",
  "0.1",
  "-1.5E-7",
  "9007199254740992",
  "18014398509481984",
  "1e21",
  "1.7976931348623157e308",
  "5e-324",
  "0.30000000000000004",
  "100000000000000000000000",
  "true",
  "null",
  '""',
  '"9007199254740993"',
  '"\\ud83d\\ude00"',
  '"😀 \\" \\\\"',
  "{}",
  "[]",
  ' { "a" : [ 1 , { "b" : false } ] , "c" : "]}," } ',
  '{"a":{"x":1},"b":{"x":2}}',
])("%s is kept as it is written", (text) => {
  expect(alteredIn(text)).toBeNull();
});

test.each([
  ["9007199254740993", [], "number_not_exact", `9007199254740993 would be kept as 9007199254740992: ${TO_THE_LAST}`],
  ["[1, -9007199254740993]", [1], "number_not_exact", `-9007199254740993 would be kept as -9007199254740992: ${TO_THE_LAST}`],
  ['{"a":{"b":[true,12345678901234567890]}}', ["a", "b", 1], "number_not_exact", expect.any(String)],
  ["0.12345678901234567891", [], "number_not_exact", expect.any(String)],
  ["1e400", [], "number_not_exact", `1e400 is too large to be kept: ${TO_THE_LAST}`],
  ["1e-400", [], "number_not_exact", `1e-400 would be kept as 0: ${TO_THE_LAST}`],
  ['{"a":1,"a":1}', ["a"], "duplicate_key", expect.any(String)],
  ['{"o":[{"\\u0061":1 , "a":2}]}', ["o", 0, "a"], "duplicate_key", expect.any(String)],
  ['["\\ud800"]', [0], "half_character", expect.any(String)],
  ['{"\\udc00":1}', ["\udc00"], "half_character", expect.any(String)],
])("%s is not: %j", (text, path, kind, message) => {
  expect(alteredIn(text)).toEqual({ path, kind, message });
  expect(isAsWritten(text, JSON.parse(text))).toBe(false);
});

test("what JSON.stringify writes is kept, however it is indented", () => {
  fc.assert(
    fc.property(fc.jsonValue({ depthSize: "medium", stringUnit: anyCodePoint }), fc.constantFrom(0, 1, "\t"), (value, indent) => {
      expect(alteredIn(JSON.stringify(value, null, indent))).toBeNull();
    }),
  );
});

test("an integer is kept if, and only if, it is written again as it was", () => {
  const integers = fc.oneof(
    fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
    fc.integer({ min: 0, max: 66 }).map((power) => 2n ** BigInt(power)),
  );
  fc.assert(
    fc.property(integers, (integer) => {
      expect(alteredIn(`{"n":[${integer}]}`) === null).toBe(JSON.stringify(Number(integer)) === String(integer));
    }),
  );
});

test("what is as it is written has no place that is altered", () => {
  const number = fc.stringMatching(/^-?(?:0|[1-9][0-9]{0,20})(?:\.[0-9]{1,20})?(?:e[+-]?[0-9]{1,3})?$/);
  const text = fc.oneof(
    number,
    fc.string({ unit: anyCodePoint }).map((string) => JSON.stringify(string)),
  );
  const members = fc.array(fc.tuple(fc.constantFrom("a", "b", "1", "\\u0061"), text), { maxLength: 3 });
  fc.assert(
    fc.property(members, (pairs) => {
      const written = `{${pairs.map(([name, value]) => `"${name}":${value}`).join(",")}}`;
      if (isAsWritten(written, JSON.parse(written))) expect(alteredIn(written)).toBeNull();
    }),
    { numRuns: 500 },
  );
});
