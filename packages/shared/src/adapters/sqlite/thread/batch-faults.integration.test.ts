import { expect, test } from "@jest/globals";
import { DatabaseSync } from "node:sqlite";
import { AppError } from "../../../domain/app-error.ts";
import { jobEvent } from "../../../events/job-event.ts";
import { ALL_SLOTS } from "../../../domain/slot.ts";
import {
  addJob,
  addJobWithRun,
  addRun,
  end,
  fire,
  publishable,
  readJob,
  start,
  unannounced,
} from "../../../testing/contracts/store-steps.ts";
import { newJob, START } from "../../../testing/factories.ts";
import { newEntry, newManualFire, newFire } from "../../../testing/factories-fire.ts";
import { storeFolder } from "../store-folder.test-support.ts";

/** Changes the file without the store. */
function damage(file: string, sql: string): void {
  const db = new DatabaseSync(file);
  db.exec(sql);
  db.close();
}

test("a call that is refused before it has changed anything takes nothing with it", async () => {
  await using folder = storeFolder();
  const store = await folder.open();
  const job = await addJob(store);
  const bad = { job, advance: null, entries: [newEntry(job, { cause: "manual", key: "k", definitionHash: "nothing" })] };
  const stolen = newJob({ tenantId: "other", uid: job.uid });
  const outcomes = await Promise.allSettled([
    fire(store, newManualFire(job, { at: START, keys: ["before"] })),
    fire(store, bad),
    store.jobs.create("other", { job: stolen, event: jobEvent("JobCreated", stolen) }),
    fire(store, newManualFire(job, { at: START, keys: ["after"] })),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
  expect(await publishable(store)).toHaveLength(2);
});

test("a read that meets a torn row answers with what can be read of it, each time, and what was asked in the same turn is done", async () => {
  await using folder = storeFolder();
  const store = await folder.open();
  const { job, run } = await addJobWithRun(store);
  await end(store, await start(store, run));
  damage(folder.file, `UPDATE runs SET output = '{' WHERE run_id = '${run.runId}'`);
  for (let time = 0; time < 3; time += 1) {
    const [made, torn, settled] = await Promise.allSettled([
      fire(store, newManualFire(job, { at: START, keys: [`again-${time}`] })),
      unannounced(store),
      store.status.settledSince({ since: 0, until: START + 1, after: null, limit: 10 }),
    ]);
    expect(made).toMatchObject({ status: "fulfilled", value: { kind: "won" } });
    const shown = { runId: run.runId, state: "succeeded", error: { code: "unreadable" } };
    expect(torn).toMatchObject({ status: "fulfilled", value: [{ ...shown, output: null }] });
    expect(settled).toMatchObject({ status: "fulfilled", value: { changes: [{ lastRun: shown }], next: null } });
  }
  expect(await publishable(store)).toHaveLength(3);
});

test("of a write that fails half-way nothing is left", async () => {
  await using folder = storeFolder();
  const store = await folder.open();
  const job = await addJob(store, { definition: { overlap: "allow" } });
  const torn = START + 7;
  damage(folder.file, `CREATE TRIGGER torn BEFORE INSERT ON runs WHEN NEW.scheduled_for = ${torn} BEGIN SELECT RAISE(ABORT, 'torn'); END`);
  const request = newFire(job, [newEntry(job), newEntry(job, { scheduledFor: torn })]);
  const [made, failed] = await Promise.allSettled([fire(store, newManualFire(job, { at: START, keys: ["good"] })), fire(store, request)]);
  expect(made).toMatchObject({ status: "fulfilled", value: { kind: "won" } });
  expect(failed).toMatchObject({ status: "rejected", reason: { code: "internal" } });
  expect(await readJob(store, job)).toEqual(job);
  expect(await store.dueJobs.upcoming({ shard: ALL_SLOTS, until: START, after: null, limit: 10 })).toEqual([job]);
  expect((await publishable(store)).filter(({ jobUid }) => jobUid === job.uid)).toHaveLength(1);
  expect((await fire(store, newFire(job))).kind).toBe("won");
  expect(await addRun(store, job, { name: "more" })).toBeDefined();
});

const FAULTS = 5;
const TRIES_MAX = 10_000;

test("while the disk takes nothing every write is refused, however often, and when there is room again it is done", async () => {
  await using folder = storeFolder();
  const store = await folder.open({ pagesMax: 200 });
  const { job, run } = await addJobWithRun(store);
  const held = await start(store, run);
  damage(folder.file, "CREATE TABLE filler (bytes BLOB); INSERT INTO filler VALUES (zeroblob(1000000))");
  const filler = newJob({ id: "filler", definition: { params: { text: "x".repeat(100_000) } } });
  const tryOnce = () =>
    store.jobs.create("default", { job: filler, event: jobEvent("JobCreated", filler) }).catch((fault: unknown) => fault);
  for (let time = 0; time < FAULTS; time += 1) expect(await tryOnce()).toMatchObject({ code: "store_unavailable", retryable: true });
  damage(folder.file, "DROP TABLE filler");
  let made = await tryOnce();
  for (let tries = 0; made instanceof AppError && tries < TRIES_MAX; tries += 1) made = await tryOnce();
  expect(made).toMatchObject({ kind: "created" });
  expect((await end(store, held)).state).toBe("succeeded");
  expect(await readJob(store, job)).toEqual(job);
});
