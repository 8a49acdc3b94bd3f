import { expect, test } from "@jest/globals";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canonicalJson } from "../../../domain/json/json.ts";
import { ALL_SLOTS } from "../../../domain/slot.ts";
import type { Store } from "../../../ports/store/store.ts";
import { ending, pickRunIds, publishable, unannounced, wake } from "../../../testing/contracts/store-steps.ts";
import { DAY, HOUR, START } from "../../../testing/factories.ts";
import { openSqliteStoreHere } from "../thread/thread-beside.test-support.ts";

/**
 * A file of the second release as it was left when its process was killed, with runs and jobs in every state, and what that release itself
 * answered of it after its restart.
 */
const read = (name: string): string => readFileSync(new URL(name, import.meta.url), "utf8");
/** Runs, which alone have a cause, have got a priority since. */
const withPriority = (_: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && "cause" in value ? { ...value, priority: 5 } : value;
const ANSWERS = JSON.parse(read("second-release.json"), withPriority) as Readonly<Record<string, unknown>>;

async function withStore(prove: (store: Store, reopen: () => Promise<Store>) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "tickline-store-"));
  const file = join(dir, "store.db");
  const db = new DatabaseSync(file);
  db.exec(`PRAGMA journal_mode = WAL; ${read("second-release.sql")}`);
  db.close();
  let store = await openSqliteStoreHere({ file });
  try {
    await prove(store, async () => {
      await store.close();
      return (store = await openSqliteStoreHere({ file }));
    });
  } finally {
    await store.close();
    rmSync(dir, { recursive: true });
  }
}

const STATES = ["due", "running", "retrying", "succeeded", "failed", "cancelled", "skipped", "missed"] as const;
const page = { limit: 200, cursor: null };

/** All that people and services can ask of a store at rest. */
const everything = async (store: Store): Promise<unknown> => {
  const runIds = async (query: object): Promise<string[]> => pickRunIds((await store.runs.list("default", { ...page, ...query })).items);
  return {
    jobs: (await store.jobs.list("default", page)).items,
    others: (await store.jobs.list("other", page)).items,
    runs: (await store.runs.list("default", page)).items,
    byState: await Promise.all(STATES.map((state) => runIds({ state }))),
    byCause: await Promise.all((["schedule", "manual", "retry"] as const).map((cause) => runIds({ cause }))),
    ofDeleted: await runIds({ jobId: "deleted" }),
    upcoming: (await store.dueJobs.upcoming({ shard: ALL_SLOTS, until: START + DAY, after: null, limit: 100 })).map(({ uid }) => uid),
    publishable: await publishable(store),
    ending: await ending(store, START + DAY),
    unsent: await store.outbox.unsent({ shard: ALL_SLOTS, limit: 100 }),
    unannounced: await unannounced(store),
    settled: (await store.status.settledSince({ since: 0, until: Number.MAX_SAFE_INTEGER, after: null, limit: 100 })).changes,
    watermark: await store.status.watermark(),
    decided: await store.decided.latest(),
    handlers: await store.handlers.list(),
    forgotten: await store.retention.forgotten(),
    bound: await store.requests.bind("default", { scope: "create", key: "k", fingerprint: "other", value: "uid-2", boundAt: START + 1 }),
    deferred: await store.deferred.queues(ALL_SLOTS),
  };
};

/** Of what is equal in its order the order is a store's own affair. */
const sorted = (answers: unknown): unknown =>
  JSON.parse(JSON.stringify(answers), (_, value: unknown) =>
    Array.isArray(value) ? value.toSorted((left, right) => (canonicalJson(left) < canonicalJson(right) ? -1 : 1)) : value,
  );

test("it is answered of the file what its own release answered, and again after a restart", () =>
  withStore(async (store, reopen) => {
    expect(sorted(await everything(store))).toEqual(sorted(ANSWERS));
    expect(sorted(await everything(await reopen()))).toEqual(sorted(ANSWERS));
  }));

test("what waited goes on: retries and runs put aside by time, rescues of what was running, expiries", () =>
  withStore(async (store) => {
    const before = (await publishable(store)).length;
    const { ended, ready } = await wake(store, START + HOUR);
    expect({ ended, ready }).toEqual({ ended: [], ready: 3 });
    expect(await publishable(store)).toHaveLength(before + 3);
    const leases = await ending(store, START + HOUR);
    const rescues = leases.map(({ runId, expiresAt }) => ({ runId, expiresAt, to: "due" }) as const);
    expect((await store.leases.rescue({ rescues, now: START + HOUR })).rescued).toBe(leases.length);
    const expired = await wake(store, START + DAY);
    expect(expired.ended.map(({ reason }) => reason)).toEqual(expired.ended.map(() => "expired"));
    expect(expired.ended.length).toBeGreaterThan(0);
  }));

test("definitions that runs of it use are kept by retention", () =>
  withStore(async (store) => {
    const sweep = (now: number) => store.retention.sweep({ now, endedBefore: 0, boundBefore: 0, deletedBefore: 0, limit: 100 });
    for (let hour = 0; hour < 4; hour += 1) await sweep(START + hour * HOUR);
    const { items } = await store.runs.list("default", page);
    expect((await store.runs.params("default", pickRunIds(items))).size).toBe(items.length);
  }));
