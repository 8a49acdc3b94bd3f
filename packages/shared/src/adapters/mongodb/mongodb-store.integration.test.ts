import { jest } from "@jest/globals";
import { storeContract } from "../../testing/contracts/store.contract.ts";
import type { Harm } from "../../testing/contracts/store-subject.ts";
import type { UnreadableRow } from "../../ports/unreadable.ts";
import { START } from "../../testing/factories.ts";
import { manualClock } from "../../testing/manual-clock.ts";
import { describeWithServers } from "../../testing/servers/describe-with-servers.ts";
import { harmfulWrite } from "./collections/damaged-rows.test-support.ts";
import { testDatabase, type TestDatabase } from "./collections/fresh-database.test-support.ts";
import { openMongodbStore } from "./mongodb-store.ts";

jest.setTimeout(120_000);

await describeWithServers("MongoDB", ["mongodb"], (servers) => {
  storeContract("MongoDB store", () => {
    const clock = manualClock(START);
    let made: TestDatabase | null = null;
    const database = () => (made ??= testDatabase(servers.mongodbUrl));
    const unreadable: UnreadableRow[] = [];
    const openAgain = () => openMongodbStore({ url: database().url, clock, onUnreadable: (row) => unreadable.push(row) });
    return {
      async open() {
        await database().empty();
        return openAgain();
      },
      async reopen(store) {
        await store.close();
        return openAgain();
      },
      leases: "clock",
      advance: clock.advance,
      unreadable,
      damage: (_, harm) => damage(database(), harm),
      dispose: async () => made?.drop(),
    };
  });
});

/** Writes past the store. */
async function damage(database: TestDatabase, harm: Harm): Promise<boolean> {
  const { db } = await database.connection();
  const { collection, field, of, set } = harmfulWrite(harm);
  const rows = db?.collection(collection);
  if (set === null) await rows?.deleteMany({ [field]: of });
  else await rows?.updateMany({ [field]: of as never }, { $set: set });
  return true;
}
