import { expect, test } from "@jest/globals";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import type { DueRun } from "../../../domain/run/due-run.ts";
import type { Job } from "../../../domain/job/job.ts";
import { ALL_SLOTS } from "../../../domain/slot.ts";
import { DEFINITION_GRACE_MS, type RetentionRequest } from "../../../ports/store/retention.ts";
import type { Store } from "../../../ports/store/store.ts";
import {
  addJob,
  changeJob,
  deleteJob,
  end,
  fire,
  pickRunIds,
  publishable,
  readJob,
  start,
  unannounced,
} from "../../../testing/contracts/store-steps.ts";
import { DAY, editedJob, START } from "../../../testing/factories.ts";
import { newEntry, newManualFire } from "../../../testing/factories-fire.ts";
import { storeFolder } from "../store-folder.test-support.ts";

const sweep = (store: Store, request: Partial<RetentionRequest>) =>
  store.retention.sweep({ now: START, endedBefore: 0, boundBefore: 0, deletedBefore: 0, limit: 100, ...request });

function countDefinitions(file: string): number {
  const db = new DatabaseSync(file, { readOnly: true });
  const row = db.prepare("SELECT count(*) AS count FROM definitions").get();
  db.close();
  return Number(row?.["count"]);
}

function forgetDefinition(file: string, hash: string): void {
  const db = new DatabaseSync(file);
  db.prepare("DELETE FROM definitions WHERE hash = ?").run(hash);
  db.close();
}

test("whoever has read a definition never sees another one in its place, though the last one was forgotten", async () => {
  await using folder = storeFolder();
  const store = await folder.open();
  const first = await addJob(store, { id: "first", definition: { params: { of: "first" } } });
  expect(await store.jobs.get("default", "first")).toEqual(first);
  await deleteJob(store, first);
  await store.outbox.sent((await store.outbox.unsent({ shard: ALL_SLOTS, limit: 10 })).map(({ id }) => id));
  for (let time = 0; time < 2; time += 1) await sweep(store, { deletedBefore: START + 1 });
  expect(countDefinitions(folder.file)).toBe(0);
  await addJob(store, { id: "second", definition: { params: { of: "second" } } });
  expect(await store.jobs.get("default", "second")).toMatchObject({ definition: { params: { of: "second" } } });
});

/** A job with one ended run of its own definition, and five runs of a later instant with another definition. Then it is edited: its definition is unreferenced soon. */
async function jobWithOldDefinition(store: Store) {
  const job = await addJob(store, { definition: { overlap: "allow" } });
  await fire(store, newManualFire(job, { at: START, keys: ["old"] }));
  const [run] = (await publishable(store)) as [DueRun];
  await end(store, await start(store, run));
  const hash = await store.jobs.addDefinition("default", { jobUid: job.uid, definition: { ...job.definition, params: { own: 1 } } });
  const entries = Array.from({ length: 5 }, (_, at) => newEntry(job, { scheduledFor: START + DAY + at, definitionHash: hash }));
  await fire(store, { job, advance: null, entries });
  const edited = await changeJob(store, job, editedJob(job, { params: { own: 2 } }));
  await store.announcements.announced([run.runId]);
  await store.status.advance(START + DAY);
  await sweep(store, {});
  return { job: edited, before: job.definition, run, named: hash };
}

/** It looks at four runs. */
const SHORT = { now: START + DEFINITION_GRACE_MS, limit: 1 };

test("a sweep that is undone with what was asked in the same turn has looked through nothing", async () => {
  await using folder = storeFolder();
  const store = await folder.open();
  const { job, run } = await jobWithOldDefinition(store);
  const half = [newEntry(job), newEntry(job, { scheduledFor: START + 1, definitionHash: "nothing" })];
  await Promise.allSettled([sweep(store, { ...SHORT, endedBefore: START + DAY }), fire(store, { job, advance: null, entries: half })]);
  await sweep(store, SHORT);
  const found = await store.runs.get("default", run.runId);
  if (found !== null) expect(await store.runs.origin("default", run.runId)).toMatchObject({ jobUid: job.uid });
});

test("a definition that its job has had once more is looked for in all of its runs again", async () => {
  await using folder = storeFolder();
  const store = await folder.open();
  const { job, before, run, named } = await jobWithOldDefinition(store);
  await sweep(store, { endedBefore: START + DAY });
  expect(await store.runs.get("default", run.runId)).toBeNull();
  expect(await sweep(store, SHORT)).toMatchObject({ definitions: 0, more: true });
  forgetDefinition(folder.file, named); // Otherwise the sweep would look at it meanwhile.
  const again = await changeJob(store, job, editedJob(job, before));
  await fire(store, newManualFire(again, { at: START, keys: ["again"] }));
  await changeJob(store, again, editedJob(again, { params: { own: 3 } }));
  await sweep(store, { now: SHORT.now });
  expect(await sweep(store, { ...SHORT, now: SHORT.now + DEFINITION_GRACE_MS })).toMatchObject({ definitions: 0 });
  expect(await publishable(store)).toMatchObject([{ scheduledFor: START, params: before.params }]);
});

const MANY = 12;
const OFTEN = ["add", "fire", "sweep"] as const;
/** A restart takes long, so it is rare. */
const KINDS = [...OFTEN, ...OFTEN, ...OFTEN, ...OFTEN, "edit", "end", "forget", "edit", "end", "forget", "reopen"] as const;
const steps = fc.array(
  fc.record({
    kind: fc.constantFrom(...KINDS),
    own: fc.integer({ min: 0, max: MANY }),
    ms: fc.integer({ min: 0, max: DEFINITION_GRACE_MS }),
  }),
  { minLength: 10, maxLength: 40 },
);

test("no run and no job ever misses its definition, and in the end there is one for each job", async () => {
  await using folder = storeFolder();
  let store = await folder.open();
  let now = START;
  let world = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      world += 1;
      const { uid, id } = await addJob(store, { id: `job-${world}`, definition: { overlap: "allow", params: { own: 0 } } });
      const job = (): Promise<Job> => readJob(store, { uid } as Job);
      const named = async (own: number): Promise<string> =>
        store.jobs.addDefinition("default", { jobUid: uid, definition: { ...(await job()).definition, params: { own } } });
      const forgetRuns = async (): Promise<void> => {
        await store.announcements.announced(pickRunIds(await unannounced(store)));
        await store.status.advance(now + 1);
        await sweep(store, { now, endedBefore: now + 1 });
      };
      for (const [index, { kind, own, ms }] of all.entries()) {
        now += ms;
        if (kind === "add") await named(own);
        else if (kind === "fire") {
          const hash = await named(own);
          if (ms % 2 === 0) await sweep(store, { now, limit: 1 + (ms % 5) });
          const entry = newEntry(await job(), { cause: "manual", key: `key-${index}`, definitionHash: hash });
          expect((await fire(store, { job: await job(), advance: null, entries: [entry] }, now)).kind).toBe("won");
        } else if (kind === "edit") await changeJob(store, await job(), editedJob(await job(), { params: { own } }));
        else if (kind === "end") {
          for (const run of (await publishable(store)).slice(0, own))
            await end(store, await start(store, run, { token: run.runId, now }), { now });
        } else if (kind === "sweep") for (let time = 0; time < own; time += 1) await sweep(store, { now, limit: 1 + (ms % 50) });
        else if (kind === "forget") await forgetRuns();
        else {
          await store.close();
          store = await folder.open();
        }
        const open = await store.runs.list("default", { state: "due", limit: 200, cursor: null });
        expect(pickRunIds(await publishable(store)).sort()).toEqual(pickRunIds(open.items).sort());
        for (const { runId } of open.items) expect(await store.runs.origin("default", runId)).toMatchObject({ jobUid: uid });
        expect(await store.jobs.get("default", id)).toEqual(await job());
      }
      for (const run of await publishable(store)) await end(store, await start(store, run, { token: run.runId, now }), { now });
      await forgetRuns();
      expect((await store.runs.list("default", { limit: 1, cursor: null })).items).toEqual([]);
      for (let time = 0; time < 6; time += 1) await sweep(store, { now: (now += DEFINITION_GRACE_MS) });
      for (let time = 0; time < 6; time += 1) await sweep(store, { now: (now += DEFINITION_GRACE_MS) });
      expect(countDefinitions(folder.file)).toBe(world);
    }),
    { numRuns: 10 },
  );
}, 60_000);
