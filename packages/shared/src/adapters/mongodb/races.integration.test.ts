import { afterEach, expect, jest, test } from "@jest/globals";
import type { Job } from "../../domain/job/job.ts";
import type { Store } from "../../ports/store/store.ts";
import { addJob, addRuns, claim, countKind, publishable, readRun, unannounced, repair } from "../../testing/contracts/store-steps.ts";
import { HOUR, SECOND, START } from "../../testing/factories.ts";
import { newDueRun, newEntry, runIdOfEntry, newFire } from "../../testing/factories-fire.ts";
import { describeWithServers } from "../../testing/servers/describe-with-servers.ts";
import { testDatabase } from "./collections/fresh-database.test-support.ts";
import { openMongodbStore } from "./mongodb-store.ts";

jest.setTimeout(120_000);

/** Callers in a race, spread over some stores as over some processes. */
const RACERS = 50;
const STORES = 3;
const JOBS = 20;

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

await describeWithServers("races in MongoDB", ["mongodb"], (servers) => {
  async function setup() {
    const database = testDatabase(servers.mongodbUrl);
    ends.push(database.drop);
    const stores = await Promise.all(Array.from({ length: STORES }, () => openMongodbStore({ url: database.url })));
    ends.push(() => Promise.all(stores.map((store) => store.close())));
    const race = <Outcome>(attempt: (store: Store, racer: number) => Promise<Outcome>): Promise<Outcome[]> =>
      Promise.all(Array.from({ length: RACERS }, (_, racer) => attempt(stores[racer % STORES] as Store, racer)));
    const store = stores[0] as Store;
    const addJobs = async (): Promise<Job[]> => {
      const jobs: Job[] = [];
      for (let index = 0; index < JOBS; index += 1)
        jobs.push(await addJob(store, { id: `job-${index}`, definition: { overlap: "allow" } }));
      return jobs;
    };
    return { store, race, addJobs };
  }
  const shuffled = <Item>(items: readonly Item[], racer: number): Item[] => (racer % 2 === 0 ? [...items] : items.toReversed());

  test("of fifty leaders that fire the same jobs at once each job is won by one, and has one run", async () => {
    const { store, race, addJobs } = await setup();
    const jobs = await addJobs();
    const results = await race((own, racer) =>
      own.dueJobs.fire({ fires: shuffled(jobs, racer).map((job) => newFire(job)), now: START, claimant: null, claimed: [] }),
    );
    expect(countKind(results.flatMap(({ outcomes }) => outcomes), "won")).toBe(JOBS); // oxfmt-ignore
    expect(await publishable(store)).toHaveLength(JOBS);
    expect((await store.dueJobs.read(jobs.map(({ uid }) => uid))).map(({ firedCount }) => firedCount)).toEqual(jobs.map(() => 1));
    expect(await repair(store, { limit: 100 })).toBe(0);
  });

  test("a fire says that it made its runs also where somebody who read the job was quicker, and of many fires one says so", async () => {
    const { store, race, addJobs } = await setup();
    const jobs = await addJobs();
    const bornEnded = (job: Job) => newEntry(job, { cause: "manual", key: "k", state: "missed", reason: "misfire" });
    const results = await race(async (own, racer) => {
      if (racer % 2 === 0) {
        await repair(own, { limit: JOBS });
        return [];
      }
      const fires = shuffled(jobs, racer).map((job) => ({ job, advance: null, entries: [bornEnded(job)] }));
      const { outcomes } = await own.dueJobs.fire({ fires, now: START, claimant: null, claimed: [] });
      return outcomes.flatMap((outcome) => (outcome.kind === "won" ? outcome.runs : []));
    });
    const made = results.flat().filter(({ created }) => created);
    expect(made.map(({ runId }) => runId).sort()).toEqual(jobs.map((job) => runIdOfEntry(job, bornEnded(job))).sort());
    await repair(store, { limit: JOBS });
    expect(await unannounced(store)).toHaveLength(JOBS);
  });

  test("of fifty executors that claim the same runs at once each run is won by one, who alone can settle it", async () => {
    const { store, race, addJobs } = await setup();
    const jobs = await addJobs();
    await store.dueJobs.fire({ fires: jobs.map((job) => newFire(job)), now: START, claimant: null, claimed: [] });
    const runs = jobs.map((job) => newDueRun(job));
    const outcomes = await race((own, racer) => claim(own, shuffled(runs, racer), { token: `token-${racer}` }));
    expect(countKind(outcomes.flat(), "won")).toBe(JOBS);
    const settled = await race((own, racer) =>
      own.claims.settle({
        settlements: runs.map(({ runId }) => ({
          runId,
          token: `token-${racer}`,
          result: { kind: "succeeded", output: racer },
          finishedAt: START,
        })),
        now: START,
      }),
    );
    expect(countKind(settled.flat(), "ended")).toBe(JOBS);
    for (const run of runs) {
      const { state, attempts, output } = await readRun(store, run);
      const winner = outcomes.findIndex((claims) => claims.some((won) => won.kind === "won" && won.claim.run.runId === run.runId));
      expect({ state, attempts: attempts.length, output }).toEqual({ state: "succeeded", attempts: 1, output: winner });
    }
  });

  test("of fifty runs of one exclusive job claimed at once one starts, and the others wait", async () => {
    const { store, race } = await setup();
    const job = await addJob(store);
    const runs = [...(await addRuns(store, job, { count: 25, name: "a" })), ...(await addRuns(store, job, { count: 25, name: "b" }))];
    const outcomes = await race((own, racer) => claim(own, [runs[racer]!], { token: `token-${racer}` }));
    expect(countKind(outcomes.flat(), "won")).toBe(1);
    expect(countKind(outcomes.flat(), "waiting")).toBe(RACERS - 1);
  });

  test("of fifty runs that come while another is in progress, each claimed by another executor, all are closed", async () => {
    const { store, race } = await setup();
    const job = await addJob(store);
    await claim(store, await addRuns(store, job, { now: START - SECOND, name: "holder" }), { token: "holder", now: START - SECOND });
    const runs = [...(await addRuns(store, job, { count: 25, name: "a" })), ...(await addRuns(store, job, { count: 25, name: "b" }))];
    const outcomes = await race((own, racer) => claim(own, [runs[racer]!], { token: `token-${racer}` }));
    expect(countKind(outcomes.flat(), "skipped")).toBe(RACERS);
    expect(await unannounced(store)).toHaveLength(RACERS);
  });

  test("of fifty who want to lead one does", async () => {
    const { race } = await setup();
    for (let round = 0; round < 3; round += 1) {
      const lease = { name: `leader:${round}`, ttlMs: HOUR };
      const taken = await race((own, racer) => own.leaders.take({ ...lease, owner: `owner-${racer}` }));
      expect(taken.filter(Boolean)).toHaveLength(1);
    }
  });

  test("handlers published by all executors at once are there once", async () => {
    const { store, race } = await setup();
    const described = (lastSeenAt: number) => ["http", "email"].map((type) => ({ type, description: null, paramsSchema: {}, lastSeenAt }));
    await race((own, racer) => own.handlers.publish(described(racer)));
    expect((await store.handlers.list()).map(({ type }) => type)).toEqual(["email", "http"]);
  });
});
