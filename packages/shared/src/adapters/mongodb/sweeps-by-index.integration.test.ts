import { afterEach, expect, jest, test } from "@jest/globals";
import mongoose from "mongoose";
import { ALL_SLOTS } from "../../domain/slot.ts";
import type { Store } from "../../ports/store.ts";
import { describeWithServers } from "../../testing/servers/describe-with-servers.ts";
import { testDatabase } from "./fresh-database.test-support.ts";
import { openMongodbStore } from "./mongodb-store.ts";

jest.setTimeout(120_000);

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  mongoose.set("debug", false);
  for (const end of ends.splice(0).reverse()) await end();
});

const RANGE = { slots: ALL_SLOTS, now: 1_000, limit: 10 };
/** What is asked every second or so, in a store that may hold millions of runs, and the index that keeps it from reading them. */
const SWEEPS: readonly (readonly [string, readonly string[], (store: Store) => Promise<unknown>])[] = [
  ["what is to be woken", ["wake", "expiry"], (store) => store.dueRuns.wake(RANGE)],
  ["leases that may have ended", ["wake"], (store) => store.leases.ending(RANGE)],
  ["ends nobody has heard of", ["unannounced"], (store) => store.announcements.unannounced({ ...RANGE, endedBefore: 1_000 })],
  ["runs to be published", ["waiting"], (store) => store.dueRuns.publishable({ ...RANGE, queue: "default" })],
  ["unfinished fires", ["pending"], (store) => store.dueJobs.repair(RANGE)],
  ["what waits in the outbox", ["outbox"], (store) => store.outbox.unsent(RANGE)],
  ["jobs that are due soon", ["upcoming"], (store) => store.dueJobs.upcoming({ ...RANGE, until: 1_000, after: null })],
];

await describeWithServers("sweeps of MongoDB", ["mongodb"], (servers) => {
  async function setup() {
    const database = testDatabase(servers.mongodbUrl);
    ends.push(database.drop);
    const store = await openMongodbStore({ url: database.url });
    ends.push(store.close);
    const { db } = await database.connection();
    return { store, explain: (name: string, filter: object) => db?.collection(name).find(filter).explain("queryPlanner") };
  }

  test.each(SWEEPS)("%s is found by an index made for it", async (_, expected, sweep) => {
    const { store, explain } = await setup();
    const asked: (readonly [string, object])[] = [];
    mongoose.set("debug", (collection: string, method: string, filter: object) => {
      if (method === "find") asked.push([collection, filter]);
    });
    await sweep(store);
    expect(asked.length).toBeGreaterThan(0);
    for (const [collection, filter] of asked) {
      const used = indexesOf(JSON.stringify(await explain(collection, filter)));
      expect({ filter, used: used.filter((name) => expected.includes(name)) }).toEqual({ filter, used });
      expect(used.length).toBeGreaterThan(0);
    }
  });
});

/** The indexes of a plan: as MongoDB tells them of the winning one, and as servers on PostgreSQL do. */
function indexesOf(plan: string): string[] {
  const won = plan.replace(/"rejectedPlans":\[.*?\]/g, "");
  const names = plan.includes('"winningPlan"') ? won.matchAll(/"indexName":"([^"]+)"/g) : plan.matchAll(/"Index Name":"([^"]+)"/g);
  return [...new Set([...names].map(([, name = ""]) => name))];
}
