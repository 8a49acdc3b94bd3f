import { expect } from "@jest/globals";
import type { DueRun } from "../../../domain/run/due-run.ts";
import type { Instant } from "../../../domain/time/instant.ts";
import type { EndedRun } from "../../../domain/run/settlement.ts";
import { ALL_SLOTS } from "../../../domain/slot.ts";
import type { Store } from "../../../ports/store/store.ts";
import { DAY, HOUR, MINUTE, SECOND, START } from "../../factories.ts";
import {
  addJob,
  addJobWithRun,
  addRun,
  addRuns,
  claim,
  end,
  pickRunIds,
  only,
  publishable,
  readRun,
  retryIn,
  settle,
  start,
  unannounced,
  wake,
} from "../store-steps.ts";
import { defineContract } from "../store-subject.ts";

const closeWaiting = (store: Store, dueBefore: Instant, limit = 100): Promise<readonly EndedRun[]> =>
  store.dueRuns.closeWaiting({ shard: ALL_SLOTS, dueBefore, now: START + DAY, limit });

/** Runs that stayed unclaimed for longer than the limit. */
export const waitingRunsContract = defineContract("DueRuns.closeWaiting", {
  "what waits too long is closed, in whatever way it waits; what became due later stays": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const [ready, published, deferred] = (await addRuns(store, job, { count: 3 })) as [DueRun, DueRun, DueRun];
    await store.dueRuns.published({ runs: [published], now: START, repeatMs: MINUTE, repeatMsMax: MINUTE });
    await store.claims.defer({ deferrals: [{ runId: deferred.runId, attempt: 1, reason: "unknown_handler", wakeAt: START + HOUR }] });
    const young = await addRun(store, job, { now: START + SECOND, name: "young" });
    const closed = await closeWaiting(store, START + SECOND);
    expect(pickRunIds(closed)).toEqual(pickRunIds([ready, published, deferred]).toSorted());
    for (const run of closed)
      expect(run).toMatchObject({ state: "skipped", reason: "retention", startedAt: null, finishedAt: START + DAY });
    expect(pickRunIds(await unannounced(store)).toSorted()).toEqual(pickRunIds(closed));
    expect(await publishable(store)).toEqual([young]);
    expect(await closeWaiting(store, START + SECOND)).toEqual([]);
  },

  "a run that has been started fails, with the error it had": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    await settle(store, await start(store, run), { result: retryIn(SECOND) });
    expect(await closeWaiting(store, START + HOUR)).toEqual([]); // It waits for its retry, which has a time.
    await wake(store, START + MINUTE);
    expect(await closeWaiting(store, START + MINUTE)).toEqual([]);
    const [closed] = await closeWaiting(store, START + MINUTE + 1);
    expect(closed).toMatchObject({ runId: run.runId, state: "failed", reason: "retention", attempt: 2, error: { code: "http_status" } });
    expect(await readRun(store, run)).toMatchObject({ state: "failed", reason: "retention" });
  },

  "running runs are left alone, and the next that waits for another goes on": async ({ store }) => {
    const job = await addJob(store);
    const runs = await Promise.all(["a", "b", "c"].map((name, index) => addRun(store, job, { now: START + index, name })));
    await claim(store, runs, { now: START + SECOND });
    expect(pickRunIds(await closeWaiting(store, START + 2))).toEqual([runs[1]!.runId]);
    await end(store, { run: runs[0]!, token: "token-1", leaseMs: null, startedAt: START + SECOND });
    expect(pickRunIds(await publishable(store))).toEqual([runs[2]!.runId]);
  },

  "it goes in parts, oldest first, over all slots asked for": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const runs = (await addRuns(store, job, { count: 5 })).toSorted((left, right) => (left.runId < right.runId ? -1 : 1));
    expect(pickRunIds(await closeWaiting(store, START + 1, 2))).toEqual(pickRunIds(runs.slice(0, 2)));
    const elsewhere = { from: job.slot + 1, to: 1_024 };
    expect(await store.dueRuns.closeWaiting({ shard: elsewhere, dueBefore: START + 1, now: START, limit: 10 })).toEqual([]);
    expect(pickRunIds(await closeWaiting(store, START + 1, 2))).toEqual(pickRunIds(runs.slice(2, 4)));
    expect(only(await closeWaiting(store, START + 1, 2)).runId).toBe(runs[4]!.runId);
  },
});
