import { expect } from "@jest/globals";
import type { HandlerDescription } from "../../ports/store/handler-registry.ts";
import { SECOND, START } from "../factories.ts";
import { defineContract } from "./store-subject.ts";

const describedAs = (type: string, overrides: Partial<HandlerDescription> = {}): HandlerDescription => ({
  type,
  description: null,
  paramsSchema: { type: "object", properties: { url: { type: "string" } }, required: ["url"] },
  lastSeenAt: START,
  ...overrides,
});

/** The handlers of executors. */
export const handlerRegistryContract = defineContract("HandlerRegistry", {
  "handlers are listed by type": async ({ store }) => {
    expect(await store.handlers.list()).toEqual([]);
    await store.handlers.publish([describedAs("http"), describedAs("compute", { description: "Adds up", paramsSchema: {} })]);
    await store.handlers.publish([describedAs("email")]);
    expect(await store.handlers.list()).toEqual([
      describedAs("compute", { description: "Adds up", paramsSchema: {} }),
      describedAs("email"),
      describedAs("http"),
    ]);
  },

  "a type that is published again is replaced; repeating it is harmless": async ({ store }) => {
    await store.handlers.publish([describedAs("http"), describedAs("email")]);
    const later = describedAs("http", { description: "Calls a URL", paramsSchema: {}, lastSeenAt: START + SECOND });
    await store.handlers.publish([later]);
    await store.handlers.publish([later]);
    await store.handlers.publish([]);
    expect(await store.handlers.list()).toEqual([describedAs("email"), later]);
  },
});
