import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { ALL_SLOTS } from "../../../domain/slot.ts";
import type { Job } from "../../../domain/job/job.ts";
import type { Store } from "../../../ports/store/store.ts";
import {
  addJob,
  addRuns,
  claim,
  end,
  ending,
  pickRunIds,
  publishable,
  start,
  unannounced,
} from "../../../testing/contracts/store-steps.ts";
import { DAY, MINUTE, START } from "../../../testing/factories.ts";
import { newEntry, newManualFire, runIdOfEntry, newFire } from "../../../testing/factories-fire.ts";
import { storeFolder } from "../store-folder.test-support.ts";

/** More than two batches of the index of ids. */
const MANY_RUNS = 9_000;
const FIRE_RUNS = 500;

/** Makes runs that ended as soon as they were made. */
async function addMissedRuns(store: Store, job: Job, { count, from }: { count: number; from: number }): Promise<void> {
  for (let made = 0; made < count; made += FIRE_RUNS) {
    const entries = Array.from({ length: Math.min(FIRE_RUNS, count - made) }, (_, index) =>
      newEntry(job, {
        cause: "manual",
        key: `missed-${from}-${made + index}`,
        scheduledFor: from + made + index,
        state: "missed",
        reason: "misfire",
      }),
    );
    await store.dueJobs.fire({ fires: [{ job, advance: null, entries }], now: START, claimant: null, claimed: [] });
  }
}

test("what runs while thousands of others come and go is found after a restart, wherever its row is by then", async () => {
  await using folder = storeFolder();
  const store = await folder.open();
  const busy = await addJob(store, { id: "busy" });
  const claimant = { executor: "crashed", token: "token", leaseMs: MINUTE };
  const jobs = [await addJob(store, { id: "early" }), await addJob(store, { id: "middle" }), await addJob(store, { id: "late" })];
  for (const [index, job] of jobs.entries()) {
    await store.dueJobs.fire({ fires: [newFire(job)], now: START, claimant, claimed: [0] });
    if (index < 2) await addMissedRuns(store, busy, { count: MANY_RUNS / 2, from: START + index * DAY });
  }
  const waiting = await addRuns(store, busy, { count: 2, name: "waiting" });
  await store.close();
  const again = await folder.open();
  const expected = jobs.map((job) => runIdOfEntry(job, newEntry(job)));
  expect(pickRunIds(await ending(again, START)).sort()).toEqual(expected.sort());
  expect(pickRunIds(await publishable(again)).sort()).toEqual(pickRunIds(waiting).sort());
});

test("every run is found by its id and listed once, before and after it is entered into the index of ids", async () => {
  await using folder = storeFolder();
  const store = await folder.open();
  const job = await addJob(store);
  await addMissedRuns(store, job, { count: 5_000, from: START });
  const ids: string[] = [];
  for (let cursor: string | null = null, more = true; more;) {
    const page = await store.runs.list("default", { limit: 200, cursor });
    ids.push(...pickRunIds(page.items));
    cursor = page.nextCursor;
    more = cursor !== null;
  }
  expect(ids).toHaveLength(5_000);
  expect(ids).toEqual([...new Set(ids)].sort().reverse());
  for (const runId of [ids[0]!, ids[2_500]!, ids.at(-1)!]) expect((await store.runs.get("default", runId))?.runId).toBe(runId);
  const ofJob = await store.runs.list("default", { jobId: job.id, limit: 200, cursor: ids[2_500]! });
  expect(pickRunIds(ofJob.items)).toEqual(ids.slice(2_501, 2_701));
  expect((await store.runs.list("default", { state: "failed", limit: 10, cursor: null })).items).toEqual([]);
  expect((await store.runs.list("default", { state: "missed", cause: "manual", limit: 3, cursor: null })).items).toHaveLength(3);
  expect((await store.runs.list("default", { cause: "manual", limit: 200, cursor: ids[100]! })).items).toHaveLength(200);
});

const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("fire" as const), at: fc.integer({ min: 0, max: 9 }) }),
    fc.record({ kind: fc.constant("hold" as const), at: fc.integer({ min: 0, max: 9 }) }),
    fc.record({ kind: fc.constant("sweep" as const), at: fc.integer({ min: 1, max: 4 }) }),
  ),
  { maxLength: 25 },
);

test("the history of a job is its runs by id, in whatever order they were made and forgotten", async () => {
  await using folder = storeFolder();
  const store = await folder.open();
  let world = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      world += 1;
      const job = await addJob(store, { id: `job-${world}`, definition: { overlap: "allow" } });
      const left = new Set<string>();
      for (const [index, { kind, at }] of all.entries()) {
        if (kind === "sweep") {
          await store.announcements.announced(pickRunIds(await unannounced(store)));
          await store.retention.sweep({ now: START, endedBefore: START + 5 * DAY, boundBefore: 0, deletedBefore: 0, limit: at });
          const rest = await store.runs.list("default", { limit: 200, cursor: null });
          for (const runId of left) if (!pickRunIds(rest.items).includes(runId)) left.delete(runId);
        } else {
          const request = newManualFire(job, { at: START + at, keys: [`${index}`] });
          await store.dueJobs.fire({ fires: [request], now: START, claimant: null, claimed: [] });
          const runId = runIdOfEntry(job, request.entries[0]!);
          left.add(runId);
          const run = (await publishable(store)).find((due) => due.runId === runId)!;
          if (kind === "fire") await end(store, await start(store, run, { token: runId }), { now: START + DAY });
          else await claim(store, [run], { token: runId });
          await store.status.advance(START + 3 * DAY);
        }
        const listed = await store.runs.list("default", { jobUid: job.uid, limit: 200, cursor: null });
        expect(pickRunIds(listed.items)).toEqual([...left].sort().reverse());
      }
    }),
    { numRuns: 30 },
  );
});

test("a tombstone's row goes with the last of its runs, and its key is used again", async () => {
  await using folder = storeFolder();
  const store = await folder.open();
  const job = await addJob(store);
  await addMissedRuns(store, job, { count: 3, from: START });
  await store.jobs.change("default", {
    previous: job,
    next: { ...job, version: 2, state: "deleted", nextRunAt: null, updatedAt: START },
    event: { ...(await store.outbox.unsent({ shard: ALL_SLOTS, limit: 1 }))[0]!, id: "deleted" },
  });
  await store.outbox.sent([`${job.uid}-1-JobCreated`, "deleted"]);
  const sweep = { now: START + 2 * DAY, boundBefore: 0, limit: 10 };
  expect(await store.retention.sweep({ ...sweep, endedBefore: 0, deletedBefore: START + 1 })).toMatchObject({ tombstones: 1 });
  expect((await store.runs.list("default", { jobId: job.id, limit: 10, cursor: null })).items).toHaveLength(3);
  await store.announcements.announced(pickRunIds(await unannounced(store)));
  expect(await store.retention.sweep({ ...sweep, endedBefore: START + DAY, deletedBefore: START + 1 })).toMatchObject({
    runs: 3,
    tombstones: 0,
  });
  const next = await addJob(store, { uid: "uid-next" });
  expect((await store.runs.list("default", { jobId: job.id, limit: 10, cursor: null })).items).toEqual([]);
  expect(await store.dueJobs.read([job.uid, next.uid])).toEqual([next]);
  await store.close();
  expect(await (await folder.open()).dueJobs.read([job.uid, next.uid])).toEqual([next]);
});
