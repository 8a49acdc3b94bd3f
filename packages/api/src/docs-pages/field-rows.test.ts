import { expect, test } from "@jest/globals";
import { fieldRows } from "./field-rows.ts";

const row = { required: false, values: [], description: "", fallback: null };

test("fields within fields and within lists come after the one they are in", () => {
  const schema = {
    required: ["error", "faults"],
    properties: {
      error: {
        oneOf: [{ type: "null" }, { type: "object", required: ["code"], properties: { code: { type: "string", description: "Which." } } }],
        default: null,
      },
      faults: { type: "array", items: { type: "object", properties: { at: { type: "string", format: "date-time" } } } },
    },
  };
  expect(fieldRows(schema)).toEqual([
    { ...row, path: "error", type: "object or null", required: true, fallback: "null" },
    { ...row, path: "error.code", type: "string", required: true, description: "Which." },
    { ...row, path: "faults", type: "array of object", required: true },
    { ...row, path: "faults[].at", type: "date-time" },
  ]);
});

test("the values of a field are listed if they are few", () => {
  const schema = { properties: { a: { const: "1.0" }, b: { type: "array", items: { type: "string", enum: ["x", "y"] } }, c: {} } };
  expect(fieldRows(schema).map(({ type, values }) => [type, values])).toEqual([
    ["string", ["1.0"]],
    ["array of string", ["x", "y"]],
    ["any JSON", []],
  ]);
});
