import { type Connection, createConnection } from "mongoose";
import { systemEntropy } from "../../system/entropy.ts";

export interface TestDatabase {
  readonly url: string;
  /** The rows as the store wrote them. */
  readonly connection: () => Promise<Connection>;
  /** Removes all rows. Collections and indexes stay, because making them takes long. */
  empty(): Promise<void>;
  drop(): Promise<void>;
}

/** A database with its own name on the server. */
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
