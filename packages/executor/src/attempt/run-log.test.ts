import { expect, test } from "@jest/globals";
import { RetryPolicySchema } from "@tickline/shared/domain/policy/retry-policy";
import { z } from "zod";
import { setup, type SetupOptions, type World } from "../executor.test-support.ts";
import { defineHandler } from "../handlers/handler.ts";

/** One run of the handler `work`, or another, until it is `state`. */
async function ranUntil(
  state: string,
  options: SetupOptions & { readonly handler?: string; readonly maxAttempts?: number },
): Promise<World> {
  const world = await setup(options);
  const { handler = "work", maxAttempts = 1 } = options;
  await world.executor.start();
  const runs = await world.due(1, { definition: { handler, retry: RetryPolicySchema.parse({ maxAttempts }) } });
  await world.publish(runs);
  await world.until(async () => (await world.states(runs))[0] === state);
  await world.close();
  return world;
}
const pickRunLines = ({ lines }: World) => lines.filter(({ fields }) => "run" in fields);
const thrower = (): never => {
  throw Object.assign(new Error("boom"), { code: "EBOOM" });
};

test("a run that succeeds logs one line at its start and one at its end, both at info", async () => {
  const world = await ranUntil("succeeded", {});
  const named = { job: "job-1", run: expect.any(String), attempt: 1, handler: "work" };
  expect(pickRunLines(world)).toMatchObject([
    { level: "info", fields: named, message: "a run starts" },
    { level: "info", fields: { ...named, ms: 0 }, message: "a run succeeded" },
  ]);
});

test("a run that fails is logged once at warn, with what its handler threw and where", async () => {
  const world = await ranUntil("failed", { run: thrower });
  const warnings = pickRunLines(world).filter(({ level }) => level === "warn");
  expect(warnings).toMatchObject([
    { fields: { job: "job-1", attempt: 1, code: "EBOOM", err: { message: "boom" } }, message: "a run failed" },
  ]);
  expect((warnings[0]!.fields["err"] as Error).stack).toContain("run-log.test.ts");
});

test("an error of a built-in handler is logged with its message alone", async () => {
  const builtIn = { ...defineHandler({ type: "own", params: z.looseObject({}), run: thrower }), builtIn: true as const };
  const world = await ranUntil("failed", { handlers: [builtIn], handler: "own" });
  expect(pickRunLines(world).at(-1)).toMatchObject({ level: "warn", fields: { code: "EBOOM", error: "boom" } });
  expect(pickRunLines(world).at(-1)?.fields).not.toHaveProperty("err");
});

test("the stack of a handler's error is kept with the attempt, and with no event", async () => {
  for (const [state, maxAttempts] of [
    ["failed", 1],
    ["retrying", 2],
  ] as const) {
    const world = await ranUntil(state, { run: thrower, maxAttempts });
    const run = (await world.store.runs.list("default", { limit: 1, cursor: null })).items[0];
    expect(run?.attempts[0]?.error).toMatchObject({ code: "EBOOM", message: "boom", stack: expect.stringContaining("run-log.test.ts") });
    expect(run?.error).toEqual({ code: "EBOOM", message: "boom", retryable: true });
    expect(JSON.stringify(world.events)).not.toContain("run-log.test.ts");
    expect(world.events.map(({ type }) => type)).toContain(state === "failed" ? "JobCompleted" : "JobRetrying");
  }
});

test("no stack is kept of a built-in handler, or of an attempt that was not called", async () => {
  const builtIn = { ...defineHandler({ type: "own", params: z.looseObject({}), run: thrower }), builtIn: true as const };
  const refusing = defineHandler({ type: "own", params: z.object({ needed: z.string() }), run: thrower });
  for (const handler of [builtIn, refusing]) {
    const world = await ranUntil("failed", { handlers: [handler], handler: "own" });
    const run = (await world.store.runs.list("default", { limit: 1, cursor: null })).items[0];
    expect(run?.attempts[0]?.error).not.toHaveProperty("stack");
  }
});

test("an attempt that is retried is not logged as a failed run", async () => {
  const world = await ranUntil("retrying", { run: thrower, maxAttempts: 3 });
  expect(pickRunLines(world).map(({ level, message }) => [level, message])).toEqual([
    ["info", "a run starts"],
    ["info", "an attempt failed, and the run is tried again"],
  ]);
});
