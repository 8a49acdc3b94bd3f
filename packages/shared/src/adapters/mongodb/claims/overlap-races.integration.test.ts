import { afterEach, expect, jest, test } from "@jest/globals";
import type { DueRun } from "../../../domain/run/due-run.ts";
import type { OverlapPolicy } from "../../../domain/policy/overlap.ts";
import type { Store } from "../../../ports/store/store.ts";
import {
  addJob,
  addRuns,
  claim,
  pickRunIds,
  publishable,
  readRun,
  retryIn,
  settle,
  SUCCESS,
} from "../../../testing/contracts/store-steps.ts";
import { HOUR, SECOND, START } from "../../../testing/factories.ts";
import { describeWithServers } from "../../../testing/servers/describe-with-servers.ts";
import { testDatabase } from "../collections/fresh-database.test-support.ts";
import { openMongodbStore } from "../mongodb-store.ts";

jest.setTimeout(180_000);

/** Executors, distributed over several stores, as over several processes. */
const CLAIMERS = 20;
const STORES = 3;
/** Runs of the backlog: so many instants, so many runs each. */
const INSTANTS = 4;
const RUNS_EACH = 8;
/** Reads of the store by a claimer that find nothing. A run that was not woken would never be found. */
const LOOKS_MAX = 400;
const NOW = START + HOUR;

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Some runs are released once, as by an executor that stops. */
const isGivenBack = ({ runId }: DueRun): boolean => runId.charCodeAt(20) % 5 === 0;

await describeWithServers("a backlog of one job on MongoDB, claimed by twenty executors", ["mongodb"], (servers) => {
  async function setup() {
    const database = testDatabase(servers.mongodbUrl);
    ends.push(database.drop);
    const stores = await Promise.all(Array.from({ length: STORES }, () => openMongodbStore({ url: database.url })));
    ends.push(() => Promise.all(stores.map((store) => store.close())));
    return stores as [Store, ...Store[]];
  }

  /** Claims and settles publishable runs, in any part and order, until all runs of the backlog have ended. The clock does not move. */
  async function work(store: Store, claimer: number, { backlog, held, started, ended }: Progress): Promise<void> {
    for (let look = 0; ended.size < backlog.length && look < LOOKS_MAX; look += 1) {
      const ready = (await publishable(store)).filter((_, index) => (index + claimer + look) % 3 !== 0 || index === 0);
      if (ready.length === 0) continue;
      const token = `claimer-${claimer}-${look}`;
      for (const outcome of await claim(store, claimer % 2 === 0 ? ready : ready.toReversed(), { token, now: NOW })) {
        if (outcome.kind !== "won") continue;
        look = 0;
        const { run } = outcome.claim;
        held.add(run.runId);
        if (run.attempt === 1) started.push(run.runId);
        expect([...held]).toEqual([run.runId]);
        held.delete(run.runId);
        const result = run.attempt === 1 && isGivenBack(run) ? ({ kind: "released" } as const) : SUCCESS;
        const settled = await settle(store, outcome.claim, { result, now: NOW });
        if (settled.kind === "ended") ended.add(run.runId);
      }
    }
  }

  interface Progress {
    readonly backlog: readonly DueRun[];
    readonly held: Set<string>;
    readonly started: string[];
    readonly ended: Set<string>;
  }

  test.each<OverlapPolicy>(["skip", "buffer_all"])("%s: all run, one at a time and in order, and no wake is lost", async (overlap) => {
    const stores = await setup();
    const [store] = stores;
    const job = await addJob(store, { definition: { overlap } });
    const backlog: DueRun[] = [];
    for (let instant = 0; instant < INSTANTS; instant += 1)
      backlog.push(...(await addRuns(store, job, { count: RUNS_EACH, now: START + instant * SECOND, name: `instant-${instant}` })));
    const progress: Progress = { backlog, held: new Set(), started: [], ended: new Set() };
    await Promise.all(Array.from({ length: CLAIMERS }, (_, claimer) => work(stores[claimer % STORES] as Store, claimer, progress)));
    expect(progress.ended.size).toBe(backlog.length);
    expect(progress.started).toEqual(pickRunIds(backlog).toSorted());
    for (const run of backlog) expect(await readRun(store, run)).toMatchObject({ state: "succeeded" });
  });

  test("runs that are tried again wait like all others, and each ends once", async () => {
    const stores = await setup();
    const [store] = stores;
    const job = await addJob(store);
    const runs = await addRuns(store, job, { count: 10 });
    const ended = new Set<string>();
    const attempts: string[] = [];
    let held = 0;
    await Promise.all(
      Array.from({ length: CLAIMERS }, async (_, claimer) => {
        const own = stores[claimer % STORES] as Store;
        for (let look = 0; ended.size < runs.length && look < LOOKS_MAX; look += 1) {
          if (claimer === 0) await own.dueRuns.wake({ shard: { from: 0, to: 1_024 }, now: NOW + look, limit: 100 });
          for (const outcome of await claim(own, await publishable(own), { token: `claimer-${claimer}-${look}`, now: NOW })) {
            if (outcome.kind !== "won") continue;
            look = 0;
            const { run } = outcome.claim;
            held += 1;
            expect(held).toBe(1);
            attempts.push(`${run.runId} ${run.attempt}`);
            held -= 1;
            const settled = await settle(own, outcome.claim, { result: run.attempt < 3 ? retryIn(0) : SUCCESS, now: NOW });
            if (settled.kind === "ended") ended.add(run.runId);
          }
        }
      }),
    );
    expect([...ended].sort()).toEqual(pickRunIds(runs).toSorted());
    expect(new Set(attempts).size).toBe(attempts.length);
    expect(attempts).toHaveLength(30);
  });
});
