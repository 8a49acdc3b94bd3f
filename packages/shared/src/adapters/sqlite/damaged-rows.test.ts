import { expect, test } from "@jest/globals";
import { mkdtempSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ALL_SLOTS } from "../../domain/slot.ts";
import type { RetentionRequest } from "../../ports/store/retention.ts";
import type { Store } from "../../ports/store/store.ts";
import {
  addJob,
  addRun,
  changeJob,
  claim,
  defer,
  deleteJob,
  ending,
  pickRunIds,
  publishable,
  readRun,
  retryIn,
  settle,
  start,
  unannounced,
  wake,
} from "../../testing/contracts/store-steps.ts";
import { HOUR, MINUTE, START } from "../../testing/factories.ts";
import { openSqliteStoreHere } from "./thread/thread-beside.test-support.ts";

/** A number beyond the safe integers of JavaScript. */
const HUGE = 2 ** 60;

interface Opened extends AsyncDisposable {
  readonly file: string;
  readonly store: Store;
  /** Changes the file without the store. */
  damage(sql: string): void;
  reopen(): Promise<Store>;
}

async function setup(): Promise<Opened> {
  const dir = mkdtempSync(join(tmpdir(), "tickline-store-"));
  const file = join(dir, "store.db");
  const store = await openSqliteStoreHere({ file });
  let current = store;
  return {
    file,
    store,
    damage(sql) {
      using db = new DatabaseSync(file);
      db.exec(sql);
    },
    async reopen() {
      await current.close();
      return (current = await openSqliteStoreHere({ file }));
    },
    async [Symbol.asyncDispose]() {
      await current.close();
      rmSync(dir, { recursive: true });
    },
  };
}

const addOne = async (store: Store, id: string) => addRun(store, await addJob(store, { id, definition: { expireAfterMs: MINUTE } }));

test("runs whose job is gone do not wake the scheduler: they cannot be published or woken", async () => {
  await using opened = await setup();
  const { store, damage } = opened;
  await addOne(store, "due");
  const retrying = await addOne(store, "retrying");
  await settle(store, await start(store, retrying), { result: retryIn(MINUTE) });
  damage("DELETE FROM jobs");
  expect(await store.dueRuns.queues(ALL_SLOTS)).toEqual([]);
  expect(await publishable(store)).toEqual([]);
  expect(await wake(store, START + HOUR)).toEqual({ ready: 0, ended: [], nextWakeAt: null, more: false });
});

test("a run in a state that this version does not know is neither resumed, nor rescued after a restart", async () => {
  await using opened = await setup();
  const { store, damage, reopen } = opened;
  await defer(store, await addOne(store, "aside"));
  await start(store, await addOne(store, "running"));
  damage("UPDATE runs SET state = 'dreaming'");
  const request = { shard: ALL_SLOTS, queue: "default", handlers: ["http"], after: null, limit: 10 };
  expect((await store.deferred.resume(request)).runIds).toEqual([]);
  const reopened = await reopen();
  expect(await ending(reopened, START + HOUR)).toEqual([]);
  await reopened.control.cancelRunning("default", { jobUid: "uid-default-running", now: START, limit: 10 });
  damage("UPDATE runs SET state = 'running' WHERE state = 'dreaming' AND standing = 'running'");
  expect(await ending(reopened, START + HOUR)).toMatchObject([{ cancelRequested: false }]);
});

test("a run of a cause that this version does not know is cancelled all the same, and the answer says that it has ended", async () => {
  await using opened = await setup();
  const { store, damage } = opened;
  const [bad, good] = [await addOne(store, "bad"), await addOne(store, "good")];
  damage(`UPDATE runs SET cause = 'dreaming' WHERE run_id = '${bad.runId}'`);
  const cancel = ({ runId }: { readonly runId: string }) => store.control.cancel("default", { runId, now: START });
  expect(await Promise.all([cancel(bad), cancel(good), cancel(bad)])).toMatchObject([
    { kind: "ended" },
    { kind: "cancelled" },
    { kind: "ended" },
  ]);
  expect(pickRunIds(await unannounced(store))).toEqual([good.runId]);
});

test("a run starts although an older one of its job, which cannot be described to an executor, has not", async () => {
  await using opened = await setup();
  const { store, damage } = opened;
  for (const harm of ["cause = 'dreaming'", `scheduled_for = ${HUGE}`, `attempt = ${HUGE}`]) {
    const job = await addJob(store, { id: harm, definition: { overlap: "buffer_all" } });
    const older = await addRun(store, job, { name: "older" });
    damage(`UPDATE runs SET ${harm} WHERE run_id = '${older.runId}'`);
    const younger = await addRun(store, job, { name: "younger", now: START + MINUTE });
    const held = await start(store, younger, { token: harm, now: START + MINUTE });
    const next = await addRun(store, job, { name: "next", now: START + HOUR });
    expect(await claim(store, [next], { now: START + HOUR })).toMatchObject([{ kind: "waiting" }]);
    expect(await settle(store, held, { result: { kind: "succeeded", output: null } })).toMatchObject({ kind: "ended", ready: "default" });
  }
});

test("what is counted of a run, and cannot be read, counts from its beginning, and the run is announced", async () => {
  await using opened = await setup();
  const { store, damage } = opened;
  const run = await addOne(store, "huge");
  const held = await start(store, run);
  damage(`UPDATE runs SET count = ${HUGE}, scheduled_for_last = ${HUGE}, lease_ms = ${HUGE}`);
  const ended = { runId: run.runId, state: "succeeded", count: 1, scheduledForLast: null, attempt: 1 };
  expect(await settle(store, held, { result: { kind: "succeeded", output: null } })).toMatchObject({ kind: "ended", run: ended });
  expect(await unannounced(store)).toMatchObject([ended]);
  expect(await readRun(store, run)).toMatchObject(ended);
});

test("a read that meets a number it cannot count to, or ends before the last row, does not hold the log in its place", async () => {
  await using opened = await setup();
  const { store, damage, file } = opened;
  const runs = [await addOne(store, "first"), await addOne(store, "second"), await addOne(store, "third")];
  for (const { runId } of runs) await store.control.cancel("default", { runId, now: START });
  damage(`UPDATE runs SET count = ${HUGE} WHERE run_id = '${pickRunIds(runs).toSorted()[0]}'`);
  const query = { shard: ALL_SLOTS, endedBefore: START, limit: 1 };
  for (let again = 0; again < 2; again += 1) expect(await store.announcements.unannounced(query)).toHaveLength(1);
  using db = new DatabaseSync(file);
  expect(db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get()).toMatchObject({ busy: 0 });
});

test("a sweep looks at few tombstones, and the next goes on behind them", async () => {
  await using opened = await setup();
  const { store } = opened;
  for (let place = 0; place < 25; place += 1) await deleteJob(store, await addJob(store, { id: `unsent-${place}` }), START + place);
  const sent = await deleteJob(store, await addJob(store, { id: "sent" }), START + 25);
  const events = await store.outbox.unsent({ shard: ALL_SLOTS, limit: 100 });
  await store.outbox.sent(events.filter(({ data }) => data.jobUid === sent.uid).map(({ id }) => id));
  const request: RetentionRequest = { now: START + HOUR, endedBefore: 0, boundBefore: 0, deletedBefore: START + HOUR, limit: 5 };
  const gone: number[] = [];
  for (let round = 0; round < 6; round += 1) gone.push((await store.retention.sweep(request)).tombstones);
  expect([gone[0], gone.filter((tombstones) => tombstones > 0)]).toEqual([0, [1]]);
});

test("a job whose next instant cannot be read can be changed and deleted", async () => {
  await using opened = await setup();
  const { store } = opened;
  await addJob(store, { id: "torn" });
  opened.damage(`UPDATE jobs SET next_run_at = ${HUGE}`);
  const read = (await store.jobs.get("default", "torn"))!;
  expect(read).toMatchObject({ nextRunAt: null, unreadable: expect.any(String) });
  const paused = await changeJob(store, read, { state: "paused" });
  expect(await deleteJob(store, paused)).toMatchObject({ state: "deleted" });
});

test.each([HUGE, -1, 77])(
  "a run whose priority is %d has the default: no message says one that executors could not read",
  async (priority) => {
    await using opened = await setup();
    const { store } = opened;
    await addRun(store, await addJob(store));
    opened.damage(`UPDATE runs SET priority = ${priority}`);
    const [run] = await publishable(store);
    expect(run).toMatchObject({ priority: 5 });
    expect(await readRun(store, run!)).toMatchObject({ priority: 5 });
    await store.control.cancel("default", { runId: run!.runId, now: START });
    expect(await unannounced(store)).toMatchObject([{ priority: 5 }]);
  },
);
