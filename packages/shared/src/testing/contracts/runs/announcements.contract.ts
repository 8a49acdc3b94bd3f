import { expect } from "@jest/globals";
import type { DueRun } from "../../../domain/run/due-run.ts";
import { MINUTE, SECOND, START } from "../../factories.ts";
import { newEntry, newFire } from "../../factories-fire.ts";
import {
  addJob,
  addJobWithRun,
  addRuns,
  claim,
  end,
  FAILURE,
  fire,
  pickRunIds,
  only,
  start,
  SUCCESS,
  unannounced,
} from "../store-steps.ts";
import { defineContract } from "../store-subject.ts";

/** Ends of runs, until the bus has acknowledged them. */
export const announcementsContract = defineContract("Announcements", {
  "every end is unannounced until it is announced, however often one asks": async ({ store }) => {
    const { job, run } = await addJobWithRun(store, { definition: { overlap: "allow" } });
    const ended = await end(store, await start(store, run));
    await fire(store, newFire(job, [newEntry(job, { state: "missed", reason: "misfire" })]));
    expect(await unannounced(store)).toHaveLength(2);
    expect(await unannounced(store)).toContainEqual(ended);
    await store.announcements.announced([run.runId]);
    expect(await unannounced(store)).toMatchObject([{ state: "missed", finishedAt: START }]);
    await store.announcements.announced(pickRunIds(await unannounced(store)));
    expect(await unannounced(store)).toEqual([]);
  },

  "oldest first, up to the instant asked for, at most so many": async ({ store }) => {
    const runs = await addRuns(store, await addJob(store, { definition: { overlap: "allow" } }), { count: 3 });
    await claim(store, runs);
    for (const [index, seconds] of [3, 1, 2].entries()) {
      const held = { run: runs[index]!, token: "token-1", leaseMs: null, startedAt: START };
      await end(store, held, { now: START + seconds * SECOND });
    }
    const [latest, oldest, middle] = pickRunIds(runs);
    expect(pickRunIds(await unannounced(store))).toEqual([oldest, middle, latest]);
    expect(pickRunIds(await unannounced(store, START + 2 * SECOND))).toEqual([oldest, middle]);
    expect(await unannounced(store, START)).toEqual([]);
    const two = await store.announcements.unannounced({ shard: { from: 0, to: 1024 }, endedBefore: START + MINUTE, limit: 2 });
    expect(pickRunIds(two)).toEqual([oldest, middle]);
  },

  "each leader sees the ends of its own slots": async ({ store }) => {
    const { run } = await addJobWithRun(store, { slot: 7 });
    await end(store, await start(store, run));
    const query = { endedBefore: START + MINUTE, limit: 10 };
    expect(await store.announcements.unannounced({ ...query, shard: { from: 0, to: 7 } })).toEqual([]);
    expect(await store.announcements.unannounced({ ...query, shard: { from: 7, to: 8 } })).toHaveLength(1);
  },

  "to announce twice, or what is unknown, is harmless": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    const ended = await end(store, await start(store, run), { result: FAILURE });
    await store.announcements.announced([]);
    await store.announcements.announced(["0".repeat(26)]);
    expect(await unannounced(store)).toEqual([ended]);
    await store.announcements.announced([run.runId, run.runId]);
    await store.announcements.announced([run.runId]);
    expect(await unannounced(store)).toEqual([]);
  },

  "an end that has not come yet cannot be announced": async ({ store }) => {
    const runs = (await addRuns(store, await addJob(store, { definition: { overlap: "allow" } }), { count: 2 })) as [DueRun, DueRun];
    const held = await start(store, runs[0]);
    await store.announcements.announced(pickRunIds(runs));
    await end(store, held, { result: SUCCESS });
    expect(only(await unannounced(store)).runId).toBe(runs[0].runId);
    expect(only(await claim(store, [runs[1]], { token: "second" })).kind).toBe("won");
  },
});
