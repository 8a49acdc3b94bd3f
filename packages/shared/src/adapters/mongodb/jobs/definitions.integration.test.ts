import { afterEach, expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import type { Job } from "../../../domain/job/job.ts";
import type { Instant } from "../../../domain/time/instant.ts";
import { jobEvent } from "../../../events/job-event.ts";
import { DEFINITION_GRACE_MS, type RetentionRequest } from "../../../ports/store/retention.ts";
import type { Store } from "../../../ports/store/store.ts";
import {
  addJob,
  changeJob,
  end,
  fire,
  pickRunIds,
  publishable,
  readJob,
  start,
  unannounced,
  repair,
} from "../../../testing/contracts/store-steps.ts";
import { DAY, editedJob, newJob, START } from "../../../testing/factories.ts";
import { newEntry } from "../../../testing/factories-fire.ts";
import { describeWithServers } from "../../../testing/servers/describe-with-servers.ts";
import type { DefinitionRow } from "./definition-row.ts";
import { testDatabase } from "../collections/fresh-database.test-support.ts";
import { openMongodbStore } from "../mongodb-store.ts";

jest.setTimeout(120_000);

const STORES = 3;
/** Definitions of one job in a race. */
const RACED = 8;
const ROUNDS = 5;

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const sweep = (store: Store, request: Partial<RetentionRequest>) =>
  store.retention.sweep({ now: START, endedBefore: 0, boundBefore: 0, deletedBefore: 0, limit: 100, ...request });

const named = (store: Store, job: Job, own: number): Promise<string> =>
  store.jobs.addDefinition("default", { jobUid: job.uid, definition: { ...job.definition, params: { own } } });

const byHand = (job: Job, definitionHash: string, key: string) => ({
  job,
  advance: null,
  entries: [newEntry(job, { cause: "manual", key, definitionHash })],
});

const KINDS = ["add", "fire", "sweep", "add", "fire", "sweep", "edit", "end", "forget"] as const;
const steps = fc.array(
  fc.record({
    kind: fc.constantFrom(...KINDS),
    own: fc.integer({ min: 0, max: 6 }),
    ms: fc.integer({ min: 0, max: DEFINITION_GRACE_MS }),
  }),
  { minLength: 10, maxLength: 25 },
);

await describeWithServers("definitions in MongoDB", ["mongodb"], (servers) => {
  /** Some stores of one database, as of some processes. */
  async function setup() {
    const database = testDatabase(servers.mongodbUrl);
    ends.push(database.drop);
    const faults = { crashing: false };
    const open = () => openMongodbStore({ url: database.url, crashBeforeRuns: () => faults.crashing });
    const stores = await Promise.all(Array.from({ length: STORES }, open));
    ends.push(() => Promise.all(stores.map((store) => store.close())));
    const definitions = async () => {
      const { db } = await database.connection();
      return (await db?.collection<DefinitionRow>("definitions").find().toArray()) ?? [];
    };
    const write = async (hash: string, change: object) =>
      (await database.connection()).db?.collection<DefinitionRow>("definitions").updateOne({ hash }, { $set: change });
    return { stores, store: stores[0] as Store, faults, definitions, write };
  }

  test("of one that a crashed fire names the run can be made, however many sweeps come before", async () => {
    const { store, faults } = await setup();
    const job = await addJob(store);
    const hash = await named(store, job, 1);
    faults.crashing = true;
    await expect(fire(store, byHand(job, hash, "k"))).rejects.toThrow("crashed");
    for (let hours = 0; hours < 50; hours += 10) await sweep(store, { now: START + hours * DEFINITION_GRACE_MS });
    await repair(store);
    expect(await publishable(store)).toMatchObject([{ params: { own: 1 } }]);
  });

  test("those that name no job, or not themselves, keep no other from being forgotten", async () => {
    const { store, definitions, write } = await setup();
    const job = await addJob(store);
    for (const [own, change] of [{ jobUid: { torn: true } }, { hash: [null] }, { jobUid: null }].entries())
      await write(await named(store, job, own), change);
    const unreferenced = await named(store, job, 9);
    for (let time = 0; time < 5; time += 1) await sweep(store, { now: START + time * DEFINITION_GRACE_MS, limit: 1 });
    expect((await definitions()).map(({ hash }) => hash)).not.toContain(unreferenced);
    expect(await definitions()).toHaveLength(4);
  });

  test("what creates leave that came second goes", async () => {
    const { store, stores, definitions } = await setup();
    const creates = Array.from({ length: 10 }, (_, index) => newJob({ uid: `uid-${index}` }));
    await Promise.all(
      creates.map((job, index) => (stores[index % STORES] as Store).jobs.create("default", { job, event: jobEvent("JobCreated", job) })),
    );
    for (let time = 0; time < 3; time += 1) await sweep(store, { now: START + time * DEFINITION_GRACE_MS });
    const job = await store.jobs.get("default", newJob().id);
    expect((await definitions()).map(({ jobUid }) => jobUid)).toEqual([job?.uid]);
  });

  test("those that are their jobs' own are looked at twice, and then never again", async () => {
    const { store, definitions } = await setup();
    await addJob(store);
    for (let time = 0; time < 2; time += 1) await sweep(store, { now: START + time * DEFINITION_GRACE_MS });
    expect(await definitions()).toEqual([expect.not.objectContaining({ lookAt: expect.anything() })]);
  });

  test("a fire races several sweeps for a definition: it is refused, or its run has one; named just before, it always wins", async () => {
    const { stores, store } = await setup();
    const job = await addJob(store, { definition: { overlap: "allow" } });
    for (let round = 0; round < ROUNDS; round += 1) {
      const numbers = Array.from({ length: RACED }, (_, index) => round * RACED + index);
      const hashes = await Promise.all(numbers.map((own) => named(store, job, own)));
      const now = START + round * DAY;
      await sweep(store, { now });
      const racers = hashes.map(async (hash, index) => {
        const own = stores[index % STORES] as Store;
        if (index % 2 === 0) await named(own, job, numbers[index] ?? 0);
        return fire(own, byHand(job, hash, hash), now).then(
          ({ kind }) => kind,
          (fault: unknown) => fault,
        );
      });
      await Promise.all(stores.map((own) => sweep(own, { now: now + DEFINITION_GRACE_MS })));
      for (const [index, outcome] of (await Promise.all(racers)).entries()) {
        if (outcome === "won") continue;
        expect(outcome).toMatchObject({ code: "internal", message: expect.stringContaining("no definition") });
        expect(index % 2).toBe(1);
      }
      await sweep(store, { now: now + 3 * DEFINITION_GRACE_MS });
      const all = await publishable(store);
      const { items } = await store.runs.list("default", { limit: 1_000, cursor: null });
      expect(pickRunIds(all).sort()).toEqual(pickRunIds(items).sort());
      expect(all.length).toBeGreaterThanOrEqual(((round + 1) * RACED) / 2);
    }
  });

  test("no run and no job ever misses its definition, whoever sweeps, and in the end there is one for each job", async () => {
    const { stores, definitions } = await setup();
    let now: Instant = START;
    let world = 0;
    let next = 0;
    const any = (): Store => stores[(next += 1) % STORES] as Store;
    const forgetRuns = async (): Promise<void> => {
      await any().announcements.announced(pickRunIds(await unannounced(any())));
      await any().status.advance(now + 1);
      await sweep(any(), { now, endedBefore: now + 1 });
    };
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        world += 1;
        const { uid, id } = await addJob(any(), { id: `job-${world}`, definition: { overlap: "allow", params: { own: 0 } } });
        const job = (): Promise<Job> => readJob(any(), { uid } as Job);
        const endSome = async (most: number): Promise<void> => {
          for (const run of (await publishable(any())).slice(0, most))
            await end(any(), await start(any(), run, { token: run.runId, now }), { now });
        };
        for (const [index, { kind, own, ms }] of all.entries()) {
          now += ms;
          if (kind === "add") await named(any(), await job(), own);
          else if (kind === "fire") {
            const hash = await named(any(), await job(), own);
            if (ms % 2 === 0) await sweep(any(), { now, limit: 1 + (ms % 5) });
            expect((await fire(any(), byHand(await job(), hash, `key-${index}`), now)).kind).toBe("won");
          } else if (kind === "edit") await changeJob(any(), await job(), editedJob(await job(), { params: { own } }));
          else if (kind === "end") await endSome(own);
          else if (kind === "sweep")
            await Promise.all(Array.from({ length: own }, (_, count) => sweep(any(), { now: now + count, limit: 1 + (ms % 50) })));
          else await forgetRuns();
          const open = await any().runs.list("default", { state: "due", limit: 200, cursor: null });
          expect(pickRunIds(await publishable(any())).sort()).toEqual(pickRunIds(open.items).sort());
          expect(await any().jobs.get("default", id)).toEqual(await job());
        }
        await endSome(Infinity);
        await forgetRuns();
        expect((await any().runs.list("default", { limit: 1, cursor: null })).items).toEqual([]);
        for (let time = 0; time < 4; time += 1) await sweep(any(), { now: (now += DAY) });
        expect(await definitions()).toHaveLength(world);
      }),
      { numRuns: 5 },
    );
  });
});
