import { expect, test } from "@jest/globals";
import { z } from "zod";
import { fieldsAt } from "./schema-fields.ts";

const schema = z
  .strictObject({
    name: z.string(),
    retry: z.strictObject({ maxAttempts: z.int(), delayMs: z.int() }).prefault({ maxAttempts: 1, delayMs: 1 }),
    when: z.union([
      z.string(),
      z.strictObject({ cron: z.string() }),
      z.strictObject({ every: z.string(), startAt: z.string().nullable() }),
    ]),
    list: z.array(z.strictObject({ item: z.string() })).optional(),
    params: z.record(z.string(), z.unknown()),
  })
  .transform((value) => value.name);

test.each([
  [[], ["name", "retry", "when", "list", "params"]],
  [["retry"], ["maxAttempts", "delayMs"]],
  [["when"], ["cron", "every", "startAt"]],
  [["list", 3], ["item"]],
  [["list"], []],
  [["params"], []],
  [["name"], []],
  [["nope", "deeper"], []],
  [["toString"], []],
])("at %j: %j", (path, fields) => {
  expect(fieldsAt(schema, path)).toEqual(fields);
});
