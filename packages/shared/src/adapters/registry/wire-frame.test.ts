import { expect, test } from "@jest/globals";
import { frame, readSchemaId, unframe } from "./wire-frame.ts";

test("a value is framed as Confluent's clients do it", () => {
  const framed = frame(258, Buffer.from("value"));
  expect(framed).toEqual(Buffer.from([0, 0, 0, 1, 2, ...Buffer.from("value")]));
  expect(unframe(framed)).toEqual({ id: 258, payload: Buffer.from("value") });
});

test.each([null, Buffer.from([]), Buffer.from([0, 0, 0, 1]), Buffer.from("{}{}{}")])("%j is not framed", (value) => {
  expect(readSchemaId(value)).toBeUndefined();
  expect(() => unframe(value)).toThrow("not in the framing");
});
