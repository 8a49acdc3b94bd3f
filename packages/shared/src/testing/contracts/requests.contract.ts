import { expect } from "@jest/globals";
import type { RequestBinding } from "../../ports/store/requests.ts";
import { SECOND, START } from "../factories.ts";
import { race } from "./store-steps.ts";
import { defineContract } from "./store-subject.ts";

const binding: RequestBinding = { scope: "create", key: "key-1", fingerprint: "hash", value: "uid-1", boundAt: START };

/** Idempotency keys. */
export const requestsContract = defineContract("Requests", {
  "the first binding of a key stands, and everybody else meets it": async ({ store }) => {
    expect(await store.requests.bind("default", binding)).toEqual(binding);
    expect(await store.requests.bind("default", binding)).toEqual(binding);
    const other = { ...binding, fingerprint: "other", value: "uid-2", boundAt: START + SECOND };
    expect(await store.requests.bind("default", other)).toEqual(binding);
  },

  "another key, scope or tenant is another binding": async ({ store }) => {
    await store.requests.bind("default", binding);
    const others = [
      { tenantId: "default", other: { ...binding, key: "key-2", value: "uid-2" } },
      { tenantId: "default", other: { ...binding, scope: "trigger:uid-1", value: "uid-3" } },
      { tenantId: "other", other: { ...binding, value: "uid-4" } },
    ];
    for (const { tenantId, other } of others) expect(await store.requests.bind(tenantId, other)).toEqual(other);
    expect(await store.requests.bind("default", { ...binding, value: "uid-5" })).toEqual(binding);
  },

  "scope and key are kept apart, whatever they contain": async ({ store }) => {
    const left = { ...binding, scope: "ab", key: "c" };
    const right = { ...binding, scope: "a", key: "bc", value: "uid-2" };
    expect(await store.requests.bind("default", left)).toEqual(left);
    expect(await store.requests.bind("default", right)).toEqual(right);
  },

  "of many who bind one key at once all meet the same binding": async ({ store }) => {
    const stands = await race((racer) => store.requests.bind("default", { ...binding, value: `uid-${racer}` }));
    expect(new Set(stands.map(({ value }) => value)).size).toBe(1);
  },
});
