import { describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { RunAborted } from "../attempt/run-aborted.ts";
import { defineHandler, NonRetryable } from "../handlers/handler.ts";
import { runHandler } from "./run-handler.ts";

const greet = defineHandler({
  type: "greet",
  params: z.object({ who: z.string().default("world") }),
  run({ params, attempt, log, progress, fence, idempotencyKey }) {
    log.info("greeting", { attempt });
    progress(2, "nearly");
    progress(1);
    return { said: `hello ${params.who}`, at: new Date(0), gone: undefined, fence, idempotencyKey };
  },
});

test("the output is what a run would have, beside the log and the progress", async () => {
  expect(await runHandler(greet)).toEqual({
    output: {
      said: "hello world",
      at: "1970-01-01T00:00:00.000Z",
      fence: { scheduledFor: "2026-01-01T00:00:00.000Z", attempt: 1 },
      idempotencyKey: "RUN",
    },
    logs: [{ level: "info", message: "greeting", fields: { attempt: 1 } }],
    progress: [
      { done: 1, note: "nearly" },
      { done: 1, note: null },
    ],
  });
});

describe("it rejects as the run would fail:", () => {
  const returns = (value: unknown) => defineHandler({ type: "returns", params: z.looseObject({}), run: () => value });
  test.each([
    ["params", greet, { who: 5 }, "bad_params"],
    ["an output that is no JSON", returns(() => 1), {}, "output_not_json"],
    ["an output that is too large", returns("x".repeat(70_000)), {}, "output_too_large"],
  ])("%s", async (_, handler, params, code) => {
    await expect(runHandler(handler, params)).rejects.toMatchObject({ code });
  });
});

test("what the handler throws is what the test gets", async () => {
  const fault = new NonRetryable("no such customer", { code: "no_customer" });
  const handler = defineHandler({ type: "throws", params: z.object({}), run: () => Promise.reject(fault) });
  await expect(runHandler(handler)).rejects.toBe(fault);
});

test("a test ends the attempt by its signal", async () => {
  const ending = new AbortController();
  const called = Promise.withResolvers<void>();
  const waits = defineHandler({
    type: "waits",
    params: z.object({}),
    run: ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason as Error));
        called.resolve();
      }),
  });
  const ended = runHandler(waits, {}, { signal: ending.signal });
  await called.promise;
  ending.abort(new RunAborted("timeout"));
  await expect(ended).rejects.toMatchObject({ code: "timeout" });
});
