import { afterEach, describe, expect, test } from "@jest/globals";
import { START } from "../../../testing/factories.ts";
import { answeringServer, answerWith, type Answer } from "./answering-server.test-support.ts";
import { connect } from "./connection.ts";
import { createServerClock } from "./server-time.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A clock on a server that says this of itself, and answers an aggregation with these rows. */
async function setup(hello: () => Answer, rows: () => readonly Answer[] = () => []) {
  const server = await answeringServer(() => answerWith(rows()), hello);
  ends.push(server.close);
  const connection = await connect({ url: server.url, serverSelectionMs: 2_000 });
  ends.push(() => connection.close());
  return { now: createServerClock(connection), commands: server.commands };
}

describe("the store's time", () => {
  test("is what the primary of a replica set says of itself", async () => {
    const { now, commands } = await setup(() => ({ localTime: new Date(START) }));
    expect(await now()).toBe(START);
    expect(commands).toEqual([]);
  });

  test("behind routers is that of one shard, whatever the clocks of the routers are", async () => {
    let asked = 0;
    const router = () => ({ msg: "isdbgrid", localTime: new Date(START + (asked += 1) * 60_000) });
    let at = START;
    const { now, commands } = await setup(router, () => [{ shard: "a", host: "a:27018", localTime: new Date((at += 1)) }]);
    expect([await now(), await now(), await now()]).toEqual([START + 1, START + 2, START + 3]);
    expect(commands).toEqual(["aggregate", "aggregate", "aggregate"]);
  });

  test("is not made up where no shard tells it", async () => {
    const { now } = await setup(() => ({ msg: "isdbgrid" }));
    await expect(now()).rejects.toThrow("does not tell its time");
  });
});
