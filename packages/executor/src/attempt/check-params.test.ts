import { expect, test } from "@jest/globals";
import { z } from "zod";
import { checkParams } from "./check-params.ts";

test("params are what the schema returns: defaults, transforms", async () => {
  const schema = z.object({ count: z.number().default(1), name: z.string().transform((name) => name.trim()) });
  expect(await checkParams(schema, { name: " x " })).toEqual({ kind: "params", params: { count: 1, name: "x" } });
});

test("params that do not fit are refused with what is wrong and where", async () => {
  const checked = await checkParams(z.object({ to: z.object({ name: z.string() }) }), { to: { name: 1 } });
  expect(checked).toMatchObject({
    kind: "refused",
    error: { code: "bad_params", retryable: false, message: expect.stringContaining("to.name") },
  });
});

test("an asynchronous schema is waited for", async () => {
  const schema = z.object({ id: z.string().refine(async (id) => Promise.resolve(id !== "bad")) });
  expect(await checkParams(schema, { id: "good" })).toEqual({ kind: "params", params: { id: "good" } });
  expect(await checkParams(schema, { id: "bad" })).toMatchObject({ kind: "refused" });
});

test.each([
  ["throws", () => fail()],
  ["rejects", () => Promise.reject(new Error("on purpose"))],
])("a schema whose own code %s refuses the params", async (_, refinement) => {
  const schema = z.object({ id: z.string().refine(refinement) });
  expect(await checkParams(schema, { id: "x" })).toMatchObject({
    kind: "refused",
    error: { message: expect.stringContaining("on purpose") },
  });
});

function fail(): never {
  throw new Error("on purpose");
}
