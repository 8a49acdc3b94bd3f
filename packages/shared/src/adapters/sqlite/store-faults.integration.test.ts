import { expect, test } from "@jest/globals";
import { DatabaseSync } from "node:sqlite";
import { AppError } from "../../domain/app-error.ts";
import type { Job } from "../../domain/job/job.ts";
import { ALL_SLOTS } from "../../domain/slot.ts";
import { jobEvent } from "../../events/job-event.ts";
import {
  addJob,
  addJobWithRun,
  addRun,
  claim,
  end,
  fire,
  publishable,
  readJob,
  readRun,
  start,
} from "../../testing/contracts/store-steps.ts";
import { newJob, START } from "../../testing/factories.ts";
import { newEntry, newManualFire, newFire } from "../../testing/factories-fire.ts";
import { openSqliteStore } from "./sqlite-store.ts";
import { storeFolder } from "./store-folder.test-support.ts";

const upcoming = { shard: ALL_SLOTS, until: START, after: null, limit: 10 };

/** Changes the file without the store. */
function damage(file: string, sql: string): void {
  const db = new DatabaseSync(file);
  db.exec(sql);
  db.close();
}

test("a call that cannot be performed does not take with it what was asked in the same turn", async () => {
  await using folder = storeFolder();
  const store = await folder.open();
  const job = await addJob(store);
  const bad = { job, advance: null, entries: [newEntry(job, { cause: "manual", key: "k", definitionHash: "nothing" })] };
  const good = newManualFire(job, { at: START, keys: ["good"] });
  const [before, failed, after] = await Promise.allSettled([
    fire(store, newManualFire(job, { at: START, keys: ["first"] })),
    fire(store, bad),
    fire(store, good),
  ]);
  expect(before).toMatchObject({ status: "fulfilled", value: { kind: "won" } });
  expect(failed).toMatchObject({ status: "rejected", reason: { code: "internal", retryable: false } });
  expect(after).toMatchObject({ status: "fulfilled", value: { kind: "won" } });
  expect(await publishable(store)).toHaveLength(2);
});

test("of a fire that fails half-way nothing is left, neither in the file nor in memory", async () => {
  await using folder = storeFolder();
  const store = await folder.open();
  const job = await addJob(store, { definition: { overlap: "allow" } });
  const request = newFire(job, [newEntry(job), newEntry(job, { scheduledFor: START + 1, definitionHash: "nothing" })]);
  await expect(fire(store, request)).rejects.toMatchObject({ code: "internal" });
  expect(await readJob(store, job)).toEqual(job);
  expect(await store.dueJobs.upcoming(upcoming)).toEqual([job]);
  expect(await publishable(store)).toEqual([]);
  expect((await fire(store, newFire(job))).kind).toBe("won");
  expect(await publishable(store)).toHaveLength(1);
});

test("on a full disk a write is refused as unavailable, what was acknowledged stays, and nothing is half there", async () => {
  await using folder = storeFolder();
  const store = await folder.open({ pagesMax: 120 });
  const { job, run } = await addJobWithRun(store);
  const held = await start(store, run);
  const made: string[] = [];
  let fault: unknown = null;
  for (let index = 0; fault === null && index < 10_000; index += 1) {
    const filler = newJob({ id: `filler-${index}`, definition: { params: { text: "x".repeat(20_000) } } });
    try {
      await store.jobs.create("default", { job: filler, event: jobEvent("JobCreated", filler) });
      made.push(filler.id);
    } catch (cause) {
      fault = cause;
    }
  }
  expect(fault).toBeInstanceOf(AppError);
  expect(fault).toMatchObject({ code: "store_unavailable", retryable: true });
  expect(store.refusal?.()).toContain("database or disk is full");
  expect((await store.ping()).now).toBeGreaterThan(0);
  expect(made.length).toBeGreaterThan(3);
  expect(await store.jobs.get("default", `filler-${made.length}`)).toBeNull();
  expect((await store.jobs.list("default", { limit: 200, cursor: null })).items).toHaveLength(made.length + 1);
  expect((await store.outbox.unsent({ shard: ALL_SLOTS, limit: 1_000 })).length).toBe(made.length + 1);
  await store.close();
  const roomy = await folder.open();
  expect((await end(roomy, held)).state).toBe("succeeded");
  expect((await fire(roomy, newFire(job))).kind).toBe("won");
  for (const id of made) expect(await roomy.jobs.get("default", id)).not.toBeNull();
});

test("writes are reported as refused until one is taken again", async () => {
  await using folder = storeFolder();
  const store = await folder.open({ pagesMax: 120 });
  expect(store.refusal?.()).toBeNull();
  const large = (index: number) => newJob({ id: `large-${index}`, definition: { params: { text: "x".repeat(20_000) } } });
  const create = (job: Job) => store.jobs.create("default", { job, event: jobEvent("JobCreated", job) });
  await expect(Promise.all(Array.from({ length: 100 }, (_, index) => create(large(index))))).rejects.toMatchObject({
    code: "store_unavailable",
  });
  expect(store.refusal?.()).toContain("full");
  await store.decided.note(START).catch(() => undefined);
  damage(folder.file, "DELETE FROM outbox; DELETE FROM definitions");
  await store.decided.note(START + 1);
  expect(store.refusal?.()).toBeNull();
});

test("rows that cannot be what was written say so or are reported as corrupt, and others are still read", async () => {
  await using folder = storeFolder();
  const store = await folder.open();
  const { job, run } = await addJobWithRun(store, { id: "torn" });
  const other = await addJobWithRun(store, { id: "whole" });
  damage(
    folder.file,
    `UPDATE definitions SET body = substr(body, 1, 20) WHERE job_key = 1; UPDATE runs SET state = 99 WHERE run_id = '${run.runId}'`,
  );
  for (const read of [await store.jobs.get("default", job.id), (await store.dueJobs.read([job.uid]))[0]])
    expect(read).toMatchObject({ uid: job.uid, nextRunAt: START, unreadable: "its definition is not JSON" });
  await expect(readRun(store, run)).rejects.toMatchObject({ code: "store_corrupt" });
  expect(await store.jobs.get("default", other.job.id)).toEqual(other.job);
  expect(await readRun(store, other.run)).toMatchObject({ state: "due" });
  expect(await addRun(store, other.job, { name: "more" })).toBeDefined();
});

test("a run whose row is not whole is refused at the claim, and the others of the batch are claimed", async () => {
  await using folder = storeFolder();
  const store = await folder.open();
  const torn = await addJobWithRun(store, { id: "torn" });
  const whole = await addJobWithRun(store, { id: "whole" });
  damage(folder.file, "DELETE FROM definitions WHERE job_key = 1");
  const outcomes = await claim(store, [torn.run, whole.run]);
  expect(outcomes).toMatchObject([{ kind: "refused", reason: expect.stringContaining("not whole") }, { kind: "won" }]);
});

test("a file that is no store, or that a newer version wrote, is not opened", async () => {
  await using folder = storeFolder();
  await (await folder.open()).close();
  damage(folder.file, "PRAGMA user_version = 99");
  await expect(folder.open()).rejects.toMatchObject({ code: "store_corrupt", message: expect.stringContaining("newer") });
});

test("a path where no file can be is reported when the store is opened", async () => {
  await expect(openSqliteStore({ file: "/nowhere/at/all/store.db" })).rejects.toMatchObject({ code: "store_unavailable" });
});

test("after it was closed every call is refused, and closing again does nothing", async () => {
  await using folder = storeFolder();
  const store = await folder.open();
  await addJob(store);
  await Promise.all([store.close(), store.close()]);
  await expect(store.ping()).rejects.toMatchObject({ code: "store_unavailable" });
  await expect(store.jobs.get("default", "job-1")).rejects.toMatchObject({ code: "store_unavailable" });
  await store.close();
});

test("what was asked before the store was closed is still answered", async () => {
  await using folder = storeFolder();
  const store = await folder.open();
  const job = newJob();
  const asked = store.jobs.create("default", { job, event: jobEvent("JobCreated", job) });
  await store.close();
  expect((await asked).kind).toBe("created");
  expect(await (await folder.open()).jobs.get("default", job.id)).toEqual(job);
});
