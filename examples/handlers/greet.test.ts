import assert from "node:assert/strict";
import { test } from "node:test";
import { runHandler } from "tickline/testing";
import greet from "./greet.ts";

test("greets, and says so in the log", async () => {
  const { output, logs } = await runHandler(greet, { who: "Ada" });
  assert.deepEqual(output, { said: "hello Ada" });
  assert.equal(logs.length, 1);
});

test("refuses params that do not fit", async () => {
  await assert.rejects(runHandler(greet, { who: "" }), { code: "bad_params" });
});
