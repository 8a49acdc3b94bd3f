import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { afterEach, expect, jest, test } from "@jest/globals";
import type { AppError } from "../../../domain/app-error.ts";
import { ALL_SLOTS } from "../../../domain/slot.ts";
import type { Store } from "../../../ports/store/store.ts";
import { freePort } from "../../../testing/servers/free-port.ts";
import { addJob, addRun, claim, fire, publishable, readRun } from "../../../testing/contracts/store-steps.ts";
import { newJob, START } from "../../../testing/factories.ts";
import { newDueRun, newManualFire, newFire } from "../../../testing/factories-fire.ts";
import { describeWithServers } from "../../../testing/servers/describe-with-servers.ts";
import { stallingProxy } from "../../redis/stalling-proxy.test-support.ts";
import { testDatabase } from "../collections/fresh-database.test-support.ts";
import type { ConnectionOptions } from "./connection.ts";
import { openMongodbStore } from "../mongodb-store.ts";

jest.setTimeout(120_000);

/** Longer than the driver takes to look for a server again, which is half a second. */
const QUICK = { serverSelectionMs: 2_000, answerMs: 500 } as const;
const UNAVAILABLE = { name: "AppError", code: "store_unavailable", retryable: true } satisfies Partial<AppError>;

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** One call of each kind: a read, an update, an insert, a batch, the clock. */
const calls: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
  ping: (store) => store.ping(),
  get: (store) => store.jobs.get("default", "job-1"),
  create: (store) => addJob(store, { id: "another" }),
  fire: (store) => fire(store, newFire(newJob())),
  claim: (store) => claim(store, [newDueRun(newJob())]),
  wake: (store) => store.dueRuns.wake({ shard: ALL_SLOTS, now: START, limit: 10 }),
  unclaimed: (store) => store.dueRuns.unclaimed(ALL_SLOTS),
  lead: (store) => store.leaders.take({ name: "leader:0", owner: "a", ttlMs: 1_000 }),
  sweep: (store) => store.retention.sweep({ now: START, endedBefore: START, boundBefore: START, deletedBefore: START, limit: 10 }),
};

test("a store that is opened where no server is says so", async () => {
  const url = `mongodb://127.0.0.1:${await freePort()}/unused`;
  await expect(openMongodbStore({ url, ...QUICK })).rejects.toMatchObject(UNAVAILABLE);
});

await describeWithServers("a MongoDB that goes away", ["mongodb"], (servers) => {
  async function setup(limits: Partial<ConnectionOptions> = {}) {
    const database = testDatabase(servers.mongodbUrl);
    const proxy = await stallingProxy(new URL(servers.mongodbUrl));
    const url = new URL(database.url);
    url.hostname = "127.0.0.1";
    url.port = String(proxy.port);
    url.searchParams.set("directConnection", "true");
    url.searchParams.set("minHeartbeatFrequencyMS", "1"); // Whether the server is there is asked as soon as a statement failed.
    const store = await openMongodbStore({ url: url.toString(), ...QUICK, ...limits });
    ends.push(database.drop, proxy.close, store.close);
    return { store, proxy };
  }

  test("every call says that the store is unavailable, and works again when the server is back", async () => {
    const { store, proxy } = await setup();
    proxy.cut();
    const faults = await Promise.all(Object.values(calls).map((call) => call(store).then(() => null, (fault: unknown) => fault))); // oxfmt-ignore
    for (const fault of faults) expect(fault).toMatchObject(UNAVAILABLE);
    proxy.restore();
    const run = await addRun(store, await addJob(store));
    expect((await claim(store, [run]))[0]?.kind).toBe("won");
  });

  test("a server that hangs is given up after a while", async () => {
    const { store, proxy } = await setup();
    await addJob(store);
    proxy.stall();
    await expect(store.jobs.get("default", "job-1")).rejects.toMatchObject(UNAVAILABLE);
    await expect(fire(store, newFire(newJob()))).rejects.toMatchObject(UNAVAILABLE);
    proxy.flow();
  });

  /** The driver's connections to the proxy: that by which it watches the server, which it opens first, and those of its pool. */
  interface Sockets {
    readonly watching: Socket;
    readonly pool: readonly Socket[];
  }
  async function setupWithSockets(): Promise<Sockets & { readonly store: Store }> {
    const all: Socket[] = [];
    const heard = (message: unknown): void => void all.push((message as { readonly socket: Socket }).socket);
    subscribe("net.client.socket", heard);
    ends.push(async () => void unsubscribe("net.client.socket", heard));
    const { store, proxy } = await setup({ statementMs: 3_000 });
    await addJob(store);
    const [watching, ...pool] = all.filter(({ remotePort }) => remotePort === proxy.port);
    return { store, watching: watching!, pool };
  }
  // In one turn of the event loop, in which the driver receives no event: it would wait for ever until these connections take what it writes.
  test.each<[string, (sockets: Sockets) => void]>([
    ["a statement", ({ pool }) => pool.forEach((socket) => socket.destroy())],
    [
      "the question whether the server is there",
      ({ pool, watching }) => {
        for (const socket of pool) socket.once("close", () => watching.destroy()).destroy();
      },
    ],
  ])("%s that meets a connection cut off a moment before is asked again on a new one", async (_, cutOff) => {
    const { store, watching, pool } = await setupWithSockets();
    cutOff({ watching, pool });
    expect(await store.jobs.get("default", "job-1")).toMatchObject({ id: "job-1" });
  });

  test("of the connections that were cut off silently only the first costs a wait", async () => {
    const { store, proxy } = await setup({ idleMs: 400 });
    const run = await addRun(store, await addJob(store));
    await Promise.all(Array.from({ length: 5 }, () => store.jobs.get("default", "job-1")));
    proxy.strand();
    const note = { runs: [run], now: START, repeatMs: 1, repeatMsMax: 1 };
    await expect(store.dueRuns.published(note)).rejects.toMatchObject(UNAVAILABLE); // No statement that the driver sends again by itself.
    expect((await claim(store, [run]))[0]?.kind).toBe("won");
  });

  test("a claim whose answer was lost is won when it is repeated, and a fire's run exists once", async () => {
    const { store, proxy } = await setup();
    const job = await addJob(store);
    const run = await addRun(store, job);
    proxy.stall();
    const claiming = claim(store, [run]);
    await expect(claiming).rejects.toMatchObject(UNAVAILABLE);
    proxy.flow();
    expect((await claim(store, [run]))[0]?.kind).toBe("won");
    expect((await readRun(store, run)).attempts).toHaveLength(1);
    const manual = newManualFire(job, { at: START, keys: ["again"] });
    proxy.stall();
    await expect(fire(store, manual)).rejects.toMatchObject(UNAVAILABLE);
    proxy.flow();
    expect((await fire(store, manual)).kind).toBe("won");
    expect(await publishable(store)).toHaveLength(1);
  });

  test("a store that was closed is unavailable", async () => {
    const { store } = await setup();
    await store.close();
    for (const call of Object.values(calls)) await expect(call(store)).rejects.toMatchObject({ name: "AppError" });
    await expect(store.ping()).rejects.toMatchObject(UNAVAILABLE);
  });
});
