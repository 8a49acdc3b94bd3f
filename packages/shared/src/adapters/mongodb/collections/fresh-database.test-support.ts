import { type Connection, createConnection } from "mongoose";
import { systemEntropy } from "../../system/entropy.ts";

export interface TestDatabase {
  readonly url: string;
  /** What the store wrote, as it stands there. */
  readonly connection: () => Promise<Connection>;
  /** Takes all rows out. Collections and indexes stay: making them is what takes time. */
  empty(): Promise<void>;
  drop(): Promise<void>;
}

/** A database of a name of its own on the server. */
export function testDatabase(serverUrl: string): TestDatabase {
  const url = new URL(serverUrl);
  url.pathname = `/t${systemEntropy.newId().replaceAll("-", "")}`;
  let connecting: Promise<Connection> | null = null;
  const connection = () => (connecting ??= createConnection(url.toString()).asPromise());
  return {
    url: url.toString(),
    connection,
    async empty() {
      const { db } = await connection();
      const collections = (await db?.collections()) ?? [];
      for (const collection of collections) {
        if (collection.collectionName === "meta") await collection.updateMany({ _id: { $ne: "schema" as never } }, { $set: { value: 0 } });
        else await collection.deleteMany({});
      }
    },
    async drop() {
      const open = await connection();
      await open.dropDatabase();
      await open.close();
    },
  };
}
