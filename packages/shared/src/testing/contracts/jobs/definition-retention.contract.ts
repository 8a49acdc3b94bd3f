import { expect } from "@jest/globals";
import type { Instant } from "../../../domain/time/instant.ts";
import type { Job } from "../../../domain/job/job.ts";
import { DEFINITION_GRACE_MS } from "../../../ports/store/retention.ts";
import type { Store } from "../../../ports/store/store.ts";
import { DAY, editedJob, HOUR, START } from "../../factories.ts";
import { newEntry, runIdOfEntry } from "../../factories-fire.ts";
import { addJob, changeJob, end, fire, pickRunIds, only, publishable, readJob, start, unannounced } from "../store-steps.ts";
import { defineContract } from "../store-subject.ts";

/** More sweeps than any store needs to check all rows of these tests. */
const SWEEPS = 12;

/** Sweeps repeatedly at one instant. Returns how many definitions were deleted; runs and jobs stay, unless they ended before. */
async function sweepAt(store: Store, now: Instant, endedBefore = 0): Promise<number> {
  let gone = 0;
  for (let time = 0; time < SWEEPS; time += 1) {
    const result = await store.retention.sweep({ now, endedBefore, boundBefore: 0, deletedBefore: 0, limit: 10 });
    gone += result.definitions;
  }
  return gone;
}

/** Lets a whole grace pass. */
async function sweepLong(store: Store, from: Instant, endedBefore = 0): Promise<number> {
  return (await sweepAt(store, from, endedBefore)) + (await sweepAt(store, from + DEFINITION_GRACE_MS, endedBefore));
}

const withParams = (store: Store, job: Job, own: number): Promise<string> =>
  store.jobs.addDefinition("default", { jobUid: job.uid, definition: { ...job.definition, params: { own } } });

const manual = (job: Job, hash: string, key = hash) => ({
  job,
  advance: null,
  entries: [newEntry(job, { cause: "manual", key, definitionHash: hash })],
});

/** Definitions are deleted after their last user. */
export const definitionRetentionContract = defineContract("Retention of definitions", {
  "one that neither its job nor a run uses goes, and not before its grace is over": async ({ store }) => {
    const job = await addJob(store, { definition: { params: { own: 0 } } });
    const edited = editedJob(job, { params: { own: 1 } });
    await changeJob(store, job, edited);
    await withParams(store, job, 2);
    expect(await sweepAt(store, START)).toBe(0);
    expect(await sweepAt(store, START + DEFINITION_GRACE_MS - 1)).toBe(0);
    expect(await sweepAt(store, START + DEFINITION_GRACE_MS)).toBe(2);
    expect(await sweepLong(store, START + 2 * DEFINITION_GRACE_MS)).toBe(0);
    expect(await readJob(store, job)).toMatchObject({ definition: { params: { own: 1 } } });
  },

  "one that runs use stays as long as they, whatever became of them, and goes with the last": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const hash = await withParams(store, job, 1);
    await fire(store, manual(job, hash, "ended"));
    const held = await start(store, only(await publishable(store)));
    await end(store, held);
    await fire(store, manual(job, hash, "open"));
    expect(await sweepLong(store, START)).toBe(0);
    const open = only(await publishable(store));
    expect(open.params).toEqual({ own: 1 });
    expect(await store.runs.origin("default", held.run.runId)).toEqual({ jobUid: job.uid, definitionHash: hash });
    await end(store, await start(store, open, { token: "open" }));
    await store.announcements.announced(pickRunIds(await unannounced(store)));
    await store.status.advance(START + HOUR);
    expect(await sweepLong(store, START + 10 * DEFINITION_GRACE_MS, START + HOUR)).toBe(1);
    expect(await store.runs.origin("default", open.runId)).toBeNull();
  },

  "one that its job had when runs were fired stays as long as they, however often sweeps look at it": async ({ store }) => {
    const job = await addJob(store, { definition: { params: { own: 0 } } });
    await fire(store, manual(job, job.definitionHash));
    await changeJob(store, job, editedJob(job, { params: { own: 1 } }));
    for (let grace = 0; grace < 6; grace += 1) {
      const request = { now: START + grace * DEFINITION_GRACE_MS, endedBefore: 0, boundBefore: 0, deletedBefore: 0, limit: 10 };
      expect((await store.retention.sweep(request)).definitions).toBe(0);
    }
    expect(only(await publishable(store)).params).toEqual({ own: 0 });
  },

  "also where a run was fired by a clock that was far ahead of the sweep's": async ({ store }) => {
    const job = await addJob(store, { definition: { params: { own: 0 } } });
    const ahead = newEntry(job, { cause: "manual", scheduledFor: START + 60 * DAY });
    await fire(store, { job, advance: null, entries: [ahead] }, START + 60 * DAY);
    await changeJob(store, job, editedJob(job, { params: { own: 1 } }));
    expect(await sweepLong(store, START)).toBe(0);
    expect(only(await publishable(store)).params).toEqual({ own: 0 });
  },

  "one that is named again, or run again, or its job's again, begins its grace anew": async ({ store }) => {
    const job = await addJob(store, { definition: { params: { own: 0 } } });
    const [named, fired] = [await withParams(store, job, 1), await withParams(store, job, 2)];
    const edited = await changeJob(store, job, editedJob(job, { params: { own: 3 } }));
    expect(await sweepAt(store, START)).toBe(0);
    await withParams(store, job, 1);
    await fire(store, manual(edited, fired));
    await changeJob(store, edited, { ...editedJob(edited, { params: { own: 0 } }) });
    expect(await sweepAt(store, START + DEFINITION_GRACE_MS)).toBe(0);
    const now = await readJob(store, job);
    expect(now.definition.params).toEqual({ own: 0 });
    expect((await fire(store, manual(now, named))).kind).toBe("won");
    expect((await publishable(store)).map(({ params }) => params)).toEqual(expect.arrayContaining([{ own: 1 }, { own: 2 }]));
  },

  "a fire finds what was added just before it, whenever sweeps come between": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    for (let round = 0; round < 2 * SWEEPS; round += 1) {
      const hash = await withParams(store, job, round);
      // A sweep finds it unused, and the next finds many others whose grace is over.
      await store.retention.sweep({ now: START + round * HOUR, endedBefore: 0, boundBefore: 0, deletedBefore: 0, limit: 10 });
      const request = manual(job, hash);
      expect((await fire(store, request)).kind).toBe("won");
      expect(await store.runs.origin("default", runIdOfEntry(job, only(request.entries)))).toMatchObject({ definitionHash: hash });
    }
    expect(await sweepLong(store, START + 100 * HOUR)).toBe(0);
    expect(new Set((await publishable(store)).map(({ params }) => params["own"])).size).toBe(2 * SWEEPS);
  },

  "a bounded number goes at a time, and there is more until all are gone": async ({ store }) => {
    const job = await addJob(store);
    for (let own = 0; own < 25; own += 1) await withParams(store, job, own);
    await sweepAt(store, START);
    const gone: number[] = [];
    for (let more = true; more;) {
      const request = { now: START + DEFINITION_GRACE_MS, endedBefore: 0, boundBefore: 0, deletedBefore: 0, limit: 10 };
      const result = await store.retention.sweep(request);
      gone.push(result.definitions);
      more = result.more;
    }
    expect(gone).toEqual([10, 10, 5]);
    expect((await readJob(store, job)).definition).toEqual(job.definition);
  },

  "those of one job are no concern of another with the same": async ({ store }) => {
    const one = await addJob(store, { id: "one" });
    const two = await addJob(store, { id: "two" });
    const hash = await withParams(store, one, 1);
    expect(await withParams(store, two, 1)).toBe(hash);
    await fire(store, manual(one, hash));
    expect(await sweepLong(store, START)).toBe(1);
    expect(only(await publishable(store)).params).toEqual({ own: 1 });
  },
});
