import { afterAll, afterEach, beforeAll, expect, jest, test } from "@jest/globals";
import mongoose from "mongoose";
import type { Job } from "../../../domain/job/job.ts";
import type { Store } from "../../../ports/store/store.ts";
import { addJob } from "../../../testing/contracts/store-steps.ts";
import { describeWithServers } from "../../../testing/servers/describe-with-servers.ts";
import { type TestDatabase, testDatabase } from "./fresh-database.test-support.ts";
import { openMongodbStore } from "../mongodb-store.ts";
import { asksForIds, STORE_QUERIES } from "./store-queries.test-support.ts";

jest.setTimeout(120_000);

afterEach(() => void mongoose.set("debug", false));

interface FindOptions {
  readonly sort?: Record<string, 1 | -1>;
  readonly limit?: number;
}

/** Of one statement: the filter of each of its parts. */
function listFilters(method: string, asked: unknown): object[] {
  if (method === "aggregate") return [(asked as readonly [{ readonly $match: object }])[0].$match];
  if (method !== "bulkWrite") return [asked as object];
  const parts = asked as readonly Readonly<Record<string, { readonly filter: object }>>[]; // { updateMany: { filter, … } }, { deleteMany: { filter } }
  return parts.flatMap((part) => Object.values(part).map(({ filter }) => filter));
}

await describeWithServers("queries of MongoDB", ["mongodb"], (servers) => {
  let database: TestDatabase;
  let store: Store;
  let job: Job;
  beforeAll(async () => {
    database = testDatabase(servers.mongodbUrl);
    store = await openMongodbStore({ url: database.url });
    job = await addJob(store);
  });
  afterAll(async () => {
    await store.close();
    await database.drop();
  });

  test.each(STORE_QUERIES)("%s: by an index made for it", async (_, expected, ask) => {
    const asked: { collection: string; filter: object; options: FindOptions }[] = [];
    mongoose.set("debug", (collection: string, method: string, first: unknown, second: unknown) => {
      const options = method === "find" ? (second as FindOptions) : {};
      if (/^(find|update|delete|bulk|aggregate)/.test(method))
        for (const filter of listFilters(method, first)) asked.push({ collection, filter, options });
    });
    await ask(store, job);
    const { db } = await database.connection();
    expect(asked.length).toBeGreaterThan(0);
    for (const {
      collection,
      filter,
      options: { sort, limit },
    } of asked) {
      const found = db?.collection(collection).find(filter, { ...(sort && { sort }), ...(limit && { limit }) });
      const plan = JSON.stringify(await found?.explain("queryPlanner"));
      const used = usedIndexes(plan);
      const allowed = asksForIds(filter) ? [...expected, "_id_"] : expected;
      expect({ collection, filter, used: used.filter((name) => allowed.includes(name)) }).toEqual({ collection, filter, used });
      expect({ collection, filter, used: used.length }).not.toEqual({ collection, filter, used: 0 });
    }
  });
});

/** The indexes of a plan: in MongoDB's format of the winning plan, and in that of servers on PostgreSQL. */
function usedIndexes(plan: string): string[] {
  const won = plan.replace(/"rejectedPlans":\[.*?\]/g, "");
  const names = plan.includes('"winningPlan"') ? won.matchAll(/"indexName":"([^"]+)"/g) : plan.matchAll(/"Index Name":"([^"]+)"/g);
  return [...new Set([...names].map(([, name = ""]) => name))];
}
