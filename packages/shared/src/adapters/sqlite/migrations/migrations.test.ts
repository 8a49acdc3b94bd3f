import { expect, test } from "@jest/globals";
import { mkdtempSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DueRun } from "../../../domain/run/due-run.ts";
import { ALL_SLOTS } from "../../../domain/slot.ts";
import type { Store } from "../../../ports/store/store.ts";
import {
  addJob,
  addRun,
  claim,
  end,
  ending,
  pickRunIds,
  only,
  publishable,
  readRun,
  settle,
  start,
  SUCCESS,
  wake,
} from "../../../testing/contracts/store-steps.ts";
import { HOUR, MINUTE, SECOND, START } from "../../../testing/factories.ts";
import { FIRST_RELEASE_RUNS, writeFirstRelease } from "./first-release.test-support.ts";
import { SCHEMA_VERSION } from "./migrate.ts";
import { openSqliteStoreHere } from "../thread/thread-beside.test-support.ts";

type Names = keyof typeof FIRST_RELEASE_RUNS;

interface Opened extends AsyncDisposable {
  readonly file: string;
  readonly store: Store;
  /** What an executor gets of these runs. */
  readonly runs: Readonly<Record<Names, DueRun>>;
}

/** A folder of the first release, opened by this one. */
async function setup(changes = ""): Promise<Opened> {
  const dir = mkdtempSync(join(tmpdir(), "tickline-store-"));
  const file = join(dir, "store.db");
  writeFirstRelease(file, changes);
  const store = await openSqliteStoreHere({ file });
  const read = new Map((await store.claims.read(Object.values(FIRST_RELEASE_RUNS))).map((run) => [run.runId, run]));
  const runs = Object.fromEntries(Object.entries(FIRST_RELEASE_RUNS).map(([name, runId]) => [name, read.get(runId)]));
  return {
    file,
    store,
    runs: runs as Record<Names, DueRun>,
    async [Symbol.asyncDispose]() {
      await store.close();
      rmSync(dir, { recursive: true });
    },
  };
}

const LATER = START + 10 * MINUTE;
const WAITING = { kind: "waiting", cancelRequested: null, superseded: [] };

test("the policies are what they were", async () => {
  await using opened = await setup();
  const policies = ["running", "retrying", "released", "allowed", "unknown"].map(
    async (id) => (await opened.store.jobs.get("default", id))?.definition.overlap,
  );
  expect(await Promise.all(policies)).toEqual(["skip", "skip", "skip", "allow", "skip"]);
  const { runs } = opened;
  expect(Object.values(runs).map(({ exclusive }) => exclusive)).toEqual([true, true, true, true, true, true, false, false, true]);
});

test("the file is of this version then, and opens again", async () => {
  await using opened = await setup();
  await opened.store.close();
  const db = new DatabaseSync(opened.file, { readOnly: true });
  expect(db.prepare("PRAGMA user_version").get()).toEqual({ user_version: SCHEMA_VERSION });
  expect(db.prepare("SELECT id, handler, expire_after_ms, overlap FROM jobs ORDER BY job_key").all()).toEqual([
    { id: "running", handler: "http", expire_after_ms: null, overlap: "skip" },
    { id: "retrying", handler: "http", expire_after_ms: null, overlap: "skip" },
    { id: "released", handler: "http", expire_after_ms: 7_200_000, overlap: "skip" },
    { id: "allowed", handler: "http", expire_after_ms: null, overlap: "allow" },
    { id: "unknown", handler: "old", expire_after_ms: null, overlap: "skip" },
  ]);
  db.close();
  const again = await openSqliteStoreHere({ file: opened.file });
  expect(await again.claims.read(Object.values(FIRST_RELEASE_RUNS))).toHaveLength(9);
  await again.close();
});

test("jobs and runs of it have the default priority, and their order is that of their ids until a job gets another", async () => {
  await using opened = await setup();
  const { store, runs } = opened;
  expect(Object.values(runs).map(({ priority }) => priority)).toEqual(Object.values(runs).map(() => 5));
  const before = await publishable(store);
  expect(pickRunIds(before)).toEqual(pickRunIds(before).toSorted());
  expect(before.length).toBeGreaterThan(2);
  const low = await addRun(store, await addJob(store, { id: "low", definition: { priority: 4 } }), { now: START - HOUR });
  const urgent = await addRun(store, await addJob(store, { id: "urgent", definition: { priority: 6 } }), { now: LATER });
  expect(pickRunIds(await publishable(store))).toEqual(pickRunIds([urgent, ...before, low]));
});

test("a run that was running has its job's lock until it is rescued", async () => {
  await using opened = await setup();
  const { store, runs } = opened;
  expect(only(await claim(store, [runs.besideRunning], { now: LATER }))).toEqual(WAITING);
  const leases = await ending(store, LATER);
  expect(pickRunIds(leases).toSorted()).toEqual([runs.running.runId, runs.allowed.runId].toSorted());
  await store.leases.rescue({ rescues: leases.map(({ runId, expiresAt }) => ({ runId, expiresAt, to: "due" })), now: LATER });
  expect(pickRunIds(await publishable(store))).toContain(runs.besideRunning.runId);
  const rescued = only(await store.claims.read([runs.running.runId]));
  // The older of the two goes first.
  expect(only(await claim(store, [rescued], { token: "early", now: LATER }))).toEqual(WAITING);
  const first = await start(store, runs.besideRunning, { token: "first", now: LATER });
  expect(await settle(store, first, { result: SUCCESS, now: LATER })).toMatchObject({ kind: "ended", ready: "default" });
  expect((await end(store, await start(store, rescued, { token: "then", now: LATER }))).state).toBe("succeeded");
});

test("a run that waits for its retry delays no other run any more", async () => {
  await using opened = await setup();
  const { store, runs } = opened;
  const next = await start(store, runs.besideRetrying, { token: "next", now: LATER });
  await wake(store, START + 2 * HOUR);
  const retried = only(await store.claims.read([runs.retrying.runId]));
  expect(retried).toMatchObject({ attempt: 2, failures: 1 });
  expect(only(await claim(store, [retried], { token: "early", now: START + 2 * HOUR }))).toEqual(WAITING);
  await end(store, next, { now: START + 2 * HOUR });
  expect((await start(store, retried, { token: "then", now: START + 2 * HOUR })).run).toMatchObject({ failures: 1, firstStartedAt: START });
});

test("a run that was given back goes first, and runs of a job that allows overlap go at once", async () => {
  await using opened = await setup();
  const { store, runs } = opened;
  expect(only(await claim(store, [runs.besideReleased], { token: "early", now: LATER }))).toEqual(WAITING);
  const outcomes = await claim(store, [runs.released, runs.besideAllowed], { token: "both", now: LATER });
  expect(outcomes.map(({ kind }) => kind)).toEqual(["won", "won"]);
});

test("what a message says is compared with definitions that the first release named", async () => {
  await using opened = await setup();
  const { store, runs } = opened;
  const forged = { ...runs.released, params: { url: "http://evil.example" } };
  expect(only(await claim(store, [forged], { now: LATER }))).toMatchObject({ kind: "refused", reason: expect.stringContaining("params") });
  expect(only(await claim(store, [runs.released], { now: LATER })).kind).toBe("won");
});

test("runs that were put aside are resumed, and those that expire do", async () => {
  await using opened = await setup();
  const { store, runs } = opened;
  expect(await readRun(store, runs.unknownHandler)).toMatchObject({ reason: "unknown_handler", wakeAt: START + HOUR });
  const request = { shard: ALL_SLOTS, queue: "default", handlers: ["old"], after: null, limit: 10 };
  expect((await store.deferred.resume(request)).runIds).toEqual([runs.unknownHandler.runId]);
  await start(store, runs.unknownHandler, { now: LATER });
  const { ended } = await wake(store, START + 2 * HOUR + MINUTE + 1);
  expect(ended).toMatchObject([{ runId: runs.besideReleased.runId, state: "skipped", reason: "expired" }]);
});

test("what was never claimed is due since it was fired, and what was given back since the upgrade", async () => {
  await using opened = await setup();
  const { store, runs } = opened;
  const request = { shard: ALL_SLOTS, now: START + 2 * MINUTE, limit: 10 };
  const closed = await store.dueRuns.closeWaiting({ ...request, dueBefore: START + SECOND });
  expect(pickRunIds(closed)).toEqual([runs.besideRunning, runs.besideAllowed, runs.unknownHandler].map(({ runId }) => runId));
  const rest = await store.dueRuns.closeWaiting({ ...request, dueBefore: START + HOUR });
  expect(pickRunIds(rest)).toEqual([runs.besideReleased, runs.besideRetrying].map(({ runId }) => runId));
  expect(pickRunIds(await publishable(store))).toEqual([runs.released.runId]);
});

test("the record of a run of the first release has its params, and from now on who asks for a cancel", async () => {
  await using opened = await setup();
  const { store, runs } = opened;
  expect([...(await store.runs.params("default", pickRunIds(Object.values(runs)))).values()]).toEqual(
    Object.values(runs).map(() => ({ url: "http://127.0.0.1/ping" })),
  );
  const failed = { state: "failed", error: { code: "http_status", message: "503", retryable: true } };
  expect(await readRun(store, runs.retrying)).toMatchObject({ cancel: null, attempts: [failed] });
  const by = { kind: "command", source: "billing", commandId: "c-1" } as const;
  await store.control.cancel("default", { runId: runs.retrying.runId, now: LATER, by });
  expect(await readRun(store, runs.retrying)).toMatchObject({
    state: "cancelled",
    attempts: [failed],
    cancel: { requestedAt: LATER, by },
  });
});

test("a cancel that the first release noted stands, and who asked for it stays unknown", async () => {
  await using opened = await setup(`UPDATE runs SET extra = '{"cancelRequested":true}' WHERE run_id = '${FIRST_RELEASE_RUNS.running}';`);
  const { store, runs } = opened;
  await store.control.cancel("default", { runId: runs.running.runId, now: LATER });
  expect(await readRun(store, runs.running)).toMatchObject({ state: "running", cancelRequested: true, cancel: null });
});
