import { expect, test } from "@jest/globals";
import { z } from "zod";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { CONTROL_TOPIC } from "@tickline/shared/events/topics";
import { MINUTE, START } from "@tickline/shared/testing/factories";
import { setup, turns } from "../executor.test-support.ts";
import { HttpParamsSchema } from "../built-in/http/http-params.ts";
import { defineHandler } from "./handler.ts";
import { toParamsSchema } from "./params-schema.ts";

const greet = defineHandler({
  type: "greet",
  description: "Says hello.",
  params: z.object({ who: z.string().default("world") }),
  run: () => null,
});

test("handlers are in the registry when start resolves, and are published again each minute", async () => {
  const { executor, store, pass, close } = await setup({ handlers: [greet] });
  await executor.start();
  const paramsSchema = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    properties: { who: { type: "string", default: "world" } },
  };
  expect((await store.handlers.list())[0]).toEqual({ type: "greet", description: "Says hello.", paramsSchema, lastSeenAt: START });
  await pass(MINUTE);
  expect((await store.handlers.list()).map(({ lastSeenAt }) => lastSeenAt)).toEqual([START + MINUTE, START + MINUTE]);
  await close();
});

test("one hint for apis and schedulers is published", async () => {
  const { executor, bus, pass, close } = await setup({ handlers: [greet] });
  const events: TicklineEvent[] = [];
  await bus.subscribe({ topics: [CONTROL_TOPIC], group: "api", from: "end", onBatch: (batch) => void events.push(...batch) });
  await executor.start();
  await pass(3 * MINUTE);
  expect(events.map(({ type, data }) => ({ type, data }))).toEqual([{ type: "HandlersChanged", data: { types: ["work", "greet"] } }]);
  await close();
});

test("a registry that is unavailable does not keep the executor from starting", async () => {
  const { executor, store, pass, close } = await setup();
  let away = true;
  const publish = store.handlers.publish;
  Object.assign(store.handlers, { publish: (handlers: never) => (away ? Promise.reject(new Error("away")) : publish(handlers)) });
  await executor.start();
  await turns();
  expect(await store.handlers.list()).toEqual([]);
  away = false;
  await pass(1_000);
  expect(await store.handlers.list()).toHaveLength(1);
  await close();
});

test("a bus that never answers prevents neither the start of the executor nor the refresh of the registry", async () => {
  const { executor, store, bus, pass, close } = await setup({ handlers: [greet] });
  Object.assign(bus, { publish: () => new Promise(() => undefined) });
  await executor.start();
  await pass(2 * MINUTE);
  expect((await store.handlers.list()).map(({ lastSeenAt }) => lastSeenAt)).toEqual([START + 2 * MINUTE, START + 2 * MINUTE]);
  await close();
});

test("a schema without a JSON Schema is refused with the handler's name", () => {
  expect(() => toParamsSchema({ type: "odd", params: z.object({ at: z.date() }) })).toThrow(
    expect.objectContaining({ code: "bad_handler", message: expect.stringContaining("the params of handler odd have no JSON Schema") }),
  );
});

test("two handlers of one type are refused", async () => {
  await expect(setup({ handlers: [greet, greet] })).rejects.toMatchObject({
    code: "bad_handler",
    message: "there are two handlers of type greet",
  });
});

test("settings that contradict each other are refused, all at once", async () => {
  await expect(setup({ config: { leaseMs: 9_000, workersMax: 0, queues: ["a", "a"] } })).rejects.toMatchObject({
    code: "bad_config",
    message:
      "the executor's configuration is not usable: leaseMs - leaseMarginMs (4000) must be at least " +
      "2 * heartbeatMs + storeFailoverMs + 1000 (23000), or a failover of the store aborts handlers; " +
      "workersMax must be at least 1; queues must name each once",
  });
});

test("the message of a pattern is beside it, and the rules of http are named formats", () => {
  const orderNumber = z
    .string()
    .regex(/^[A-Z]+$/, "must be capitals")
    .regex(/^.{3}$/, "must be three");
  const schema = toParamsSchema({
    type: "order",
    params: z.object({ id: z.string().regex(/^\d+$/, "must be digits"), orderNumber, plain: z.string().regex(/x/) }),
  });
  expect(schema["properties"]).toEqual({
    id: { type: "string", pattern: "^\\d+$", errorMessage: { pattern: "must be digits" } },
    orderNumber: {
      type: "string",
      allOf: [
        { pattern: "^[A-Z]+$", errorMessage: { pattern: "must be capitals" } },
        { pattern: "^.{3}$", errorMessage: { pattern: "must be three" } },
      ],
    },
    plain: { type: "string", pattern: "x" },
  });
  expect(toParamsSchema({ type: "http", params: HttpParamsSchema })["properties"]).toMatchObject({
    url: { format: "http-url" },
    headers: { propertyNames: { format: "http-header-name" }, additionalProperties: { errorMessage: { pattern: expect.any(String) } } },
    expect: { format: "http-statuses" },
  });
});
