import { afterEach, expect, jest, test } from "@jest/globals";
import { addJob } from "../../../testing/contracts/store-steps.ts";
import { describeWithServers } from "../../../testing/servers/describe-with-servers.ts";
import { testDatabase } from "./fresh-database.test-support.ts";
import { INDEXES } from "./indexes.ts";
import { migrateMongodb, SCHEMA_VERSION } from "./migrations.ts";
import { openMongodbStore } from "../mongodb-store.ts";

jest.setTimeout(120_000);

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

await describeWithServers("migrations of MongoDB", ["mongodb"], (servers) => {
  function setup() {
    const database = testDatabase(servers.mongodbUrl);
    ends.push(database.drop);
    return database;
  }

  test("one command makes every index, and repeating it does nothing", async () => {
    const { url, connection } = setup();
    const steps = ["collections and their indexes"];
    expect(await migrateMongodb({ url })).toEqual({ from: 0, to: SCHEMA_VERSION, steps });
    const { db } = await connection();
    for (const [name, indexes] of Object.entries(INDEXES)) {
      const made = (await db?.collection(name).indexes()) ?? [];
      expect(new Set(made.map((index) => index.name))).toEqual(new Set(["_id_", ...indexes.map((index) => index.name)]));
      for (const index of indexes) expect(made).toContainEqual(expect.objectContaining(index));
    }
    expect(await migrateMongodb({ url })).toEqual({ from: SCHEMA_VERSION, to: SCHEMA_VERSION, steps: [] });
  });

  test("stores that are opened at the same time on an empty database migrate it together", async () => {
    const { url } = setup();
    const stores = await Promise.all(Array.from({ length: 5 }, () => openMongodbStore({ url })));
    ends.push(() => Promise.all(stores.map((store) => store.close())));
    const job = await addJob(stores[0]!);
    for (const store of stores) expect(await store.jobs.get("default", job.id)).toEqual(job);
  });

  test("a database of the first release gets the indexes that it lacks, and programs of that release may go on to start on it", async () => {
    const { url, connection } = setup();
    await migrateMongodb({ url });
    const { db } = await connection();
    const lacking = ["due_of_job", "skipped", "missed"];
    for (const name of lacking) await db?.collection("runs").dropIndex(name);
    const steps = ["indexes runs.due_of_job, runs.skipped, runs.missed"];
    expect(await migrateMongodb({ url })).toEqual({ from: 1, to: 1, steps });
    const names = (await db?.collection("runs").indexes())?.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(lacking));
    expect(await db?.collection("meta").findOne({ _id: "schema" as never })).toMatchObject({ value: 1 });
  });

  test("a database of a newer version is refused", async () => {
    const { url, connection } = setup();
    await migrateMongodb({ url });
    const { db } = await connection();
    await db?.collection("meta").updateOne({ _id: "schema" as never }, { $set: { value: SCHEMA_VERSION + 1 } });
    await expect(openMongodbStore({ url })).rejects.toMatchObject({ code: "store_corrupt", message: expect.stringContaining("newer") });
  });

  test("the server's own time is what the store tells", async () => {
    const { url } = setup();
    const store = await openMongodbStore({ url });
    ends.push(store.close);
    const first = (await store.ping()).now;
    expect(Number.isInteger(first)).toBe(true);
    expect((await store.ping()).now).toBeGreaterThanOrEqual(first);
  });
});
