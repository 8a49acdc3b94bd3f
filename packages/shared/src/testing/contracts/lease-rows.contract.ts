import { expect } from "@jest/globals";
import { HOUR, SECOND } from "../factories.ts";
import { race } from "./store-steps.ts";
import { defineContract } from "./store-subject.ts";

const LEADER = { name: "leader:0", ttlMs: HOUR };

/** Named leases by the store's own clock. */
export const leaseRowsContract = defineContract("LeaseRows", {
  "a lease belongs to its owner alone, who may renew it": async ({ store }) => {
    expect(await store.leaders.take({ ...LEADER, owner: "a" })).toBe(true);
    expect(await store.leaders.take({ ...LEADER, owner: "a" })).toBe(true);
    expect(await store.leaders.take({ ...LEADER, owner: "b" })).toBe(false);
    expect(await store.leaders.take({ ...LEADER, name: "leader:1", owner: "b" })).toBe(true);
  },

  "its owner alone gives it up": async ({ store }) => {
    await store.leaders.take({ ...LEADER, owner: "a" });
    await store.leaders.release({ name: LEADER.name, owner: "b" });
    expect(await store.leaders.take({ ...LEADER, owner: "b" })).toBe(false);
    await store.leaders.release({ name: LEADER.name, owner: "a" });
    await store.leaders.release({ name: LEADER.name, owner: "a" });
    expect(await store.leaders.take({ ...LEADER, owner: "b" })).toBe(true);
    await store.leaders.release({ name: "unknown", owner: "a" });
  },

  "of many who take it at once exactly one does": async ({ store }) => {
    const taken = await race((racer) => store.leaders.take({ ...LEADER, owner: `owner-${racer}` }));
    expect(taken.filter(Boolean)).toHaveLength(1);
  },

  "a lease that is not renewed ends; one that is does not": async ({ store, subject }) => {
    if (subject.advance === undefined) return; // The time of this store cannot be moved.
    await store.leaders.take({ ...LEADER, ttlMs: 10 * SECOND, owner: "a" });
    subject.advance(9 * SECOND);
    expect(await store.leaders.take({ ...LEADER, ttlMs: 10 * SECOND, owner: "a" })).toBe(true);
    subject.advance(9 * SECOND);
    expect(await store.leaders.take({ ...LEADER, ttlMs: 10 * SECOND, owner: "b" })).toBe(false);
    subject.advance(SECOND);
    expect(await store.leaders.take({ ...LEADER, ttlMs: 10 * SECOND, owner: "b" })).toBe(true);
    expect(await store.leaders.take({ ...LEADER, ttlMs: 10 * SECOND, owner: "a" })).toBe(false);
  },

  "the store tells its time, and it moves with the leases": async ({ store, subject }) => {
    const { now } = await store.ping();
    expect(Number.isInteger(now)).toBe(true);
    if (subject.advance === undefined) return;
    subject.advance(SECOND);
    expect((await store.ping()).now).toBe(now + SECOND);
  },
});
