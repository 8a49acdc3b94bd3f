import { afterEach, expect, jest, test } from "@jest/globals";
import { ALL_SLOTS } from "../../../domain/slot.ts";
import type { Job } from "../../../domain/job/job.ts";
import type { Store } from "../../../ports/store/store.ts";
import { addJob, changeJob, deleteJob, repair } from "../../../testing/contracts/store-steps.ts";
import { publishable, readJob, readRun, unannounced } from "../../../testing/contracts/store-steps.ts";
import { editedJob, newJob, MINUTE, START } from "../../../testing/factories.ts";
import { cursorAfterFire, newDueRun, newEntry, newManualFire, newFire } from "../../../testing/factories-fire.ts";
import { describeWithServers } from "../../../testing/servers/describe-with-servers.ts";
import { sha256 } from "../../system/digest.ts";
import { openCollections } from "../collections/collections.ts";
import { connect } from "../server/connection.ts";
import { createDefinitions } from "./definitions.ts";
import { testDatabase } from "../collections/fresh-database.test-support.ts";
import type { JobRow } from "./job-row.ts";
import { openMongodbStore } from "../mongodb-store.ts";
import { completePending } from "./pending-fires.ts";

jest.setTimeout(120_000);

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const fireAll = (store: Store, fires: Parameters<Store["dueJobs"]["fire"]>[0]["fires"], now = START) =>
  store.dueJobs.fire({ fires, now, claimant: null, claimed: [] });

const readPlainly = async (store: Store) => (await store.jobs.get("default", newJob().id)) ?? newJob();

/** Who reads a job to go on with it. */
const readers: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
  "who reads what is upcoming": (store) =>
    store.dueJobs.upcoming({ shard: ALL_SLOTS, until: Number.MAX_SAFE_INTEGER, after: null, limit: 10 }),
  "who reads it by its uid": (store) => readJob(store, newJob()),
  "an edit": async (store) => {
    const job = await readPlainly(store);
    await changeJob(store, job, editedJob(job, { params: { edited: true } }));
  },
  "a sweep": (store) => repair(store),
};

await describeWithServers("fires that crash between their jobs and their runs", ["mongodb"], (servers) => {
  /** A store whose fires crash as long as `crashing` says so. */
  async function setup() {
    const database = testDatabase(servers.mongodbUrl);
    const faults = { crashing: true };
    const store = await openMongodbStore({ url: database.url, crashBeforeRuns: () => faults.crashing });
    ends.push(database.drop, store.close);
    const pending = async () => {
      const { db } = await database.connection();
      const rows = (await db?.collection<JobRow>("jobs").find().toArray()) ?? [];
      return rows.flatMap((row) => row.pending);
    };
    const write = async (jobUid: string, change: object) =>
      (await database.connection()).db?.collection<JobRow>("jobs").updateMany({ _id: jobUid }, change);
    const forgetDefinitions = async (jobUid: string) => (await database.connection()).db?.collection("definitions").deleteMany({ jobUid });
    return { store, url: database.url, faults, pending, write, forgetDefinitions };
  }

  test("the job has advanced, the run is pending in it, and repair makes it", async () => {
    const { store, pending } = await setup();
    const job = await addJob(store);
    await expect(fireAll(store, [newFire(job)])).rejects.toMatchObject({ code: "store_unavailable", retryable: true });
    expect((await readPlainly(store)).firedCount).toBe(1);
    expect(await pending()).toMatchObject([{ scheduledFor: START, jobVersion: 1 }]);
    expect(await publishable(store)).toEqual([]);
    expect(await repair(store, { shard: { from: 0, to: job.slot } })).toBe(0);
    expect(await repair(store, { firedBefore: START })).toBe(0);
    expect(await repair(store)).toBe(1);
    expect(await publishable(store)).toEqual([newDueRun(job)]);
    expect(await repair(store)).toBe(0);
    expect(await pending()).toEqual([]);
  });

  test("they are completed beside one whose definition is gone, which has its run too", async () => {
    const { store, pending, forgetDefinitions } = await setup();
    const jobs = [await addJob(store, { id: "bad" }), await addJob(store, { id: "good" })];
    await expect(
      fireAll(
        store,
        jobs.map((job) => newFire(job)),
      ),
    ).rejects.toThrow("crashed");
    await forgetDefinitions(jobs[0]!.uid);
    expect(await repair(store)).toBe(2);
    expect(await pending()).toEqual([]);
    expect(await publishable(store)).toEqual([newDueRun(jobs[1]!)]);
    expect(await readRun(store, newDueRun(jobs[0]!))).toMatchObject({ state: "due", handler: "http", queue: "default" });
    await deleteJob(store, (await store.jobs.get("default", "bad"))!);
    expect(await store.control.cancelOpen("default", { jobUid: jobs[0]!.uid, now: START, limit: 10 })).toHaveLength(1);
  });

  test.each([
    ["a torn one", { token: "lost", scheduledFor: "torn" }],
    ["no object", "torn"],
  ])("a pending entry that is %s keeps no other from its run, and no edit from its job", async (_, entry) => {
    const { store, faults, pending, write } = await setup();
    const jobs = [await addJob(store, { id: "bad" }), await addJob(store, { id: "good" })];
    await expect(
      fireAll(
        store,
        jobs.map((job) => newFire(job)),
      ),
    ).rejects.toThrow("crashed");
    await write(jobs[0]!.uid, { $push: { pending: entry } });
    faults.crashing = false;
    expect(await repair(store)).toBe(2);
    expect(await pending()).toEqual([entry]);
    expect(await publishable(store)).toHaveLength(2);
    const job = (await store.jobs.get("default", "bad"))!;
    expect((await changeJob(store, job, editedJob(job, { params: { edited: true } }))).version).toBe(2);
    await deleteJob(store, (await store.jobs.get("default", "bad"))!);
  });

  test("jobs whose entries cannot be read fill no page of a repair", async () => {
    const { store, write, url } = await setup();
    const connection = await connect({ url });
    ends.push(() => connection.close());
    const pendingIn = async (uid: string) => (await openCollections(connection).jobs.find({ _id: { $eq: uid } }))[0]?.pending ?? [];
    const jobs: Job[] = [];
    for (const id of ["a", "b", "c", "d", "e"]) jobs.push(await addJob(store, { id }));
    await expect(
      fireAll(
        store,
        jobs.map((job) => newFire(job)),
      ),
    ).rejects.toThrow("crashed");
    for (const { uid } of jobs.slice(0, 2)) await write(uid, { $set: { "pending.0.cause": "whim" } });
    // Their runs are made, and the entries stay: what else was fired with them is not known.
    for (const { uid } of jobs.slice(2, 4)) {
      const [{ token }] = (await pendingIn(uid)) as [JobRow["pending"][number]];
      await write(uid, { $push: { pending: { token, scheduledFor: "torn", firedAt: START } as never } });
    }
    for (let round = 0; round < 2; round += 1) await repair(store, { limit: 2 });
    expect((await publishable(store)).map(({ jobId }) => jobId)).toEqual(expect.arrayContaining(["c", "d", "e"]));
  });

  test("where the pending of a job is no list the others are completed", async () => {
    const { store, write } = await setup();
    const jobs = [await addJob(store, { id: "bad" }), await addJob(store, { id: "good" })];
    await expect(
      fireAll(
        store,
        jobs.map((job) => newFire(job)),
      ),
    ).rejects.toThrow("crashed");
    await write(jobs[0]!.uid, { $set: { pending: { firedAt: START } } });
    expect(await repair(store)).toBe(1);
    expect(await store.dueJobs.upcoming({ shard: ALL_SLOTS, until: Number.MAX_SAFE_INTEGER, after: null, limit: 10 })).toHaveLength(2);
  });

  test.each([
    ["k", true],
    ["other", false],
  ] as const)("a fire whose row stands already made it only if it carries its token: %s", async (token, created) => {
    const { store: other, url, faults } = await setup();
    const job = await addJob(other);
    const entries = [
      newEntry(job, { cause: "manual", key: "due" }),
      newEntry(job, { cause: "manual", key: "missed", state: "missed", reason: "misfire" }),
    ];
    const tokens = ["k", token];
    const store = await openMongodbStore({
      url,
      crashBeforeRuns: () => faults.crashing,
      entropy: { newToken: () => tokens.shift() ?? "" },
    });
    ends.push(store.close);
    const request = { job, advance: null, entries };
    await expect(fireAll(store, [request])).rejects.toThrow("crashed");
    expect(await repair(other)).toBe(1); // As if it came between the job and its runs.
    faults.crashing = false;
    const { outcomes } = await fireAll(store, [request]);
    expect(outcomes).toMatchObject([
      {
        kind: "won",
        runs: [
          { state: "due", created },
          { state: "missed", created },
        ],
      },
    ]);
  });

  test("of two crashed fires of one identity the earlier made the run", async () => {
    const { store } = await setup();
    const job = await addJob(store);
    for (const now of [START, START + 1])
      await expect(fireAll(store, [newManualFire(job, { at: START, keys: ["k"] })], now)).rejects.toThrow("crashed");
    const range = { state: "missed", reason: "misfire", cause: "manual", key: "m" } as const;
    for (const now of [START, START + 1])
      await expect(fireAll(store, [{ job, advance: null, entries: [newEntry(job, range)] }], now)).rejects.toThrow("crashed");
    expect(await repair(store)).toBe(1);
    expect(await unannounced(store)).toMatchObject([{ finishedAt: START }]);
    expect(await publishable(store)).toHaveLength(1);
  });

  test("a reader that met one job before a later fire and another after it takes out only what it read", async () => {
    const { store, url, pending } = await setup();
    const connection = await connect({ url });
    ends.push(() => connection.close());
    const rows = openCollections(connection);
    const context = { rows, definitions: createDefinitions(rows, () => "reader"), digest: sha256, onUnreadable: () => {} };
    const read = (job: Job) => rows.jobs.find({ _id: { $eq: job.uid } });
    const [a, b] = [await addJob(store, { id: "a" }), await addJob(store, { id: "b" })];
    await expect(fireAll(store, [newFire(a)])).rejects.toThrow("crashed");
    const early = await read(a);
    await expect(fireAll(store, [newFire({ ...a, ...cursorAfterFire(a) }), newFire(b)])).rejects.toThrow("crashed");
    await completePending(context, [...early, ...(await read(b))]);
    expect(await pending()).toMatchObject([{ scheduledFor: START + MINUTE }]);
    expect(await repair(store)).toBe(1);
    expect(await publishable(store)).toHaveLength(3);
    expect(await pending()).toEqual([]);
  });

  test("nothing is pending once a fire that went well is over", async () => {
    const { store, faults, pending } = await setup();
    faults.crashing = false;
    const jobs = [await addJob(store, { id: "a" }), await addJob(store, { id: "b" })];
    await fireAll(store, [...jobs.map((job) => newFire(job)), newManualFire(jobs[0]!, { at: START, keys: ["k", "l"] })]);
    await store.close();
    expect(await pending()).toEqual([]);
  });

  test("repair completes a bounded number of jobs at a time", async () => {
    const { store } = await setup();
    const jobs = [await addJob(store, { id: "a" }), await addJob(store, { id: "b" }), await addJob(store, { id: "c" })];
    const fires = jobs.map((job) => newFire(job));
    await expect(fireAll(store, fires)).rejects.toThrow("crashed");
    expect(await repair(store, { limit: 2 })).toBe(2);
    expect(await repair(store, { limit: 2 })).toBe(1);
    expect(await publishable(store)).toHaveLength(3);
  });

  test.each(Object.entries(readers))("whoever reads the job back completes the fire: %s", async (_, readBack) => {
    const { store, faults, pending } = await setup();
    const job = await addJob(store);
    await expect(fireAll(store, [newFire(job)])).rejects.toThrow("crashed");
    faults.crashing = false;
    await readBack(store);
    expect(await publishable(store)).toContainEqual(newDueRun(job));
    expect(await pending()).toEqual([]);
  });

  test("a run that was pending over an edit keeps the definition it was fired under", async () => {
    const { store, faults } = await setup();
    const job = await addJob(store, { definition: { params: { v: 1 } } });
    await expect(fireAll(store, [newManualFire(job, { at: START, keys: ["k"] })])).rejects.toThrow("crashed");
    faults.crashing = false;
    await changeJob(store, job, editedJob(job, { params: { v: 2 } }));
    expect(await publishable(store)).toMatchObject([{ jobVersion: 1, params: { v: 1 } }]);
  });

  test("a scheduled fire that crashed is lost when it is repeated, a manual one meets its own run; each run exists once", async () => {
    const { store, faults } = await setup();
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const manual = newManualFire(job, { at: START, keys: ["k"] });
    await expect(fireAll(store, [manual])).rejects.toThrow("crashed");
    await expect(fireAll(store, [newFire(job)])).rejects.toThrow("crashed");
    faults.crashing = false;
    expect((await fireAll(store, [newFire(job)])).outcomes).toEqual([{ kind: "lost" }]);
    expect((await fireAll(store, [manual])).outcomes).toMatchObject([{ kind: "won", runs: [{ state: "due" }] }]);
    await repair(store);
    expect(await publishable(store)).toHaveLength(2);
  });

  test("no more than 64 entries are ever pending in a job: the fire loses until they are completed", async () => {
    const { store, faults, pending } = await setup();
    const job = await addJob(store);
    const makeFire = (name: string) =>
      newManualFire(job, { at: START, keys: Array.from({ length: 32 }, (_, index) => `${name}-${index}`) });
    for (const name of ["a", "b"]) await expect(fireAll(store, [makeFire(name)])).rejects.toThrow("crashed");
    expect((await fireAll(store, [makeFire("c")])).outcomes).toEqual([{ kind: "lost" }]);
    expect(await pending()).toHaveLength(64);
    faults.crashing = false;
    await readJob(store, job);
    expect((await fireAll(store, [makeFire("c")])).outcomes).toMatchObject([{ kind: "won" }]);
    expect(await publishable(store)).toHaveLength(96);
  });

  test("what a crashed fire owes is cancelled with its deleted job, and announced", async () => {
    const { store } = await setup();
    const job = await addJob(store);
    await expect(fireAll(store, [newFire(job)])).rejects.toThrow("crashed");
    await deleteJob(store, await readPlainly(store));
    const cancelled = await store.control.cancelOpen(job.tenantId, { jobUid: job.uid, now: START, limit: 10 });
    expect(cancelled).toMatchObject([{ runId: newDueRun(job).runId, reason: "job_deleted" }]);
    expect(await unannounced(store)).toHaveLength(1);
  });

  test("a crashed fire keeps its version, its instant and the time it fired", async () => {
    const { store } = await setup();
    const job = await addJob(store);
    const range = newEntry(job, { state: "missed", reason: "misfire", count: 2, scheduledForLast: START + 1 });
    await expect(fireAll(store, [newFire(job, [range])], START + 5)).rejects.toThrow("crashed");
    await repair(store);
    expect(await readRun(store, newDueRun(job, range))).toMatchObject({ state: "missed", jobVersion: 1, count: 2, finishedAt: START + 5 });
  });
});
