import { jest } from "@jest/globals";
import { storeContract } from "../../testing/contracts/store.contract.ts";
import { START } from "../../testing/factories.ts";
import { manualClock } from "../../testing/manual-clock.ts";
import { describeWithServers } from "../../testing/servers/describe-with-servers.ts";
import { testDatabase, type TestDatabase } from "./fresh-database.test-support.ts";
import { openMongodbStore } from "./mongodb-store.ts";

jest.setTimeout(120_000);

await describeWithServers("MongoDB", ["mongodb"], (servers) => {
  storeContract("MongoDB store", () => {
    const clock = manualClock(START);
    let made: TestDatabase | null = null;
    const database = () => (made ??= testDatabase(servers.mongodbUrl));
    const openAgain = () => openMongodbStore({ url: database().url, clock });
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
      dispose: async () => made?.drop(),
    };
  });
});
