import { expect } from "@jest/globals";
import { AppError } from "../../../domain/app-error.ts";
import type { DueRun } from "../../../domain/run/due-run.ts";
import { ALL_SLOTS } from "../../../domain/slot.ts";
import { HOUR, MINUTE, SECOND, START } from "../../factories.ts";
import {
  addJob,
  addRun,
  addRuns,
  claim,
  defer,
  end,
  ending,
  pickRunIds,
  LEASE_MS,
  publishable,
  readRun,
  retryIn,
  settle,
  start,
  unannounced,
  wake,
} from "../store-steps.ts";
import { defineContract, type Harm, type StoreContext } from "../store-subject.ts";

/** Ended runs, oldest first, all damaged except the last. */
async function endedRuns({ store, subject }: StoreContext, what: Harm["what"]): Promise<readonly DueRun[]> {
  const runs: DueRun[] = [];
  for (let place = 0; place < 4; place += 1) {
    const run = await addRun(store, await addJob(store, { id: `job-${place}` }), { now: START + place });
    await end(store, await start(store, run, { now: START + place }), { now: START + place });
    if (place < 3 && !(await subject.damage(store, { what, of: run.runId }))) return [];
    runs.push(run);
  }
  return runs;
}

const settled = { since: 0, until: START + MINUTE, after: null };

/** The readable parts of a damaged run are shown, and it does not keep others from being read or written. */
export const unreadableRunsContract = defineContract("rows of runs that cannot be read", {
  "an output that cannot be read is an error that says so; the run stands in every list": async (context) => {
    const { store } = context;
    const runs = await endedRuns(context, "torn output");
    if (runs.length === 0) return;
    const shown = { state: "succeeded", output: null, error: { code: "unreadable" } };
    expect(await readRun(store, runs[0]!)).toMatchObject(shown);
    const { items } = await store.runs.list("default", { limit: 10, cursor: null });
    expect(pickRunIds(items)).toEqual(pickRunIds(runs.toReversed()));
    expect(items[0]).toMatchObject({ output: { ok: true }, error: null });
    expect(pickRunIds(await unannounced(store))).toEqual(pickRunIds(runs));
    expect((await unannounced(store))[0]).toMatchObject(shown);
    expect((await store.status.settledSince({ ...settled, limit: 10 })).changes).toHaveLength(4);
  },

  "a history that cannot be read is a short one": async (context) => {
    const { store, subject } = context;
    const run = await addRun(store, await addJob(store));
    if (!(await subject.damage(store, { what: "torn history", of: run.runId }))) return;
    expect(await readRun(store, run)).toMatchObject({ state: "due", attempts: [] });
    expect(pickRunIds(await publishable(store))).toEqual([run.runId]);
    expect((await store.runs.list("default", { jobId: run.jobId, limit: 10, cursor: null })).items).toHaveLength(1);
  },

  "one whose outcome cannot be read is left out of a list, and named; the list goes on behind it": async (context) => {
    const { store } = context;
    const runs = await endedRuns(context, "unknown run state");
    const first = await store.runs.list("default", { limit: 2, cursor: null });
    expect(pickRunIds(first.items)).toEqual([runs[3]!.runId]);
    expect(first.unreadable).toEqual([{ id: runs[2]!.runId, reason: expect.stringContaining("state") }]);
    const rest = await store.runs.list("default", { limit: 2, cursor: first.nextCursor });
    expect([rest.items, rest.unreadable?.map(({ id }) => id), rest.nextCursor]).toEqual([[], [runs[1]!.runId, runs[0]!.runId], null]);
    await expect(store.runs.get("default", runs[0]!.runId)).rejects.toMatchObject({ code: "store_corrupt" });
    const ofJob = await store.runs.list("default", { jobId: runs[0]!.jobId, limit: 2, cursor: null });
    expect([ofJob.items, ofJob.unreadable?.length]).toEqual([[], 1]);
  },

  "such runs take no place among those to be announced or folded": async (context) => {
    const { store, subject } = context;
    const runs = await endedRuns(context, "unknown run state");
    const query = { shard: ALL_SLOTS, endedBefore: START + MINUTE, limit: 1 };
    for (let again = 0; again < 2; again += 1) expect(pickRunIds(await store.announcements.unannounced(query))).toEqual([runs[3]!.runId]);
    expect(subject.unreadable.at(-1)).toMatchObject({ kind: "run" });
    const changes: string[] = [];
    for (let after: string | null = null; ;) {
      const part = await store.status.settledSince({ ...settled, after, limit: 1 });
      changes.push(...part.changes.map(({ lastRun }) => lastRun.runId));
      if (part.next === null) break;
      after = part.next;
    }
    expect(changes).toEqual([runs[3]!.runId]);
    await store.announcements.announced([runs[3]!.runId]);
    await store.status.advance(START + MINUTE);
    const sweep = { now: START + MINUTE, endedBefore: START + MINUTE, boundBefore: 0, deletedBefore: 0, limit: 100 };
    expect((await store.retention.sweep(sweep)).runs).toBe(1);
  },

  "one in a state that this version does not know is left to the version that does: no time and no request changes it": async (context) => {
    const { store, subject } = context;
    const job = await addJob(store, { definition: { overlap: "allow", expireAfterMs: MINUTE } });
    const [due, aside, retrying] = (await addRuns(store, job, { count: 3 })) as [DueRun, DueRun, DueRun];
    await defer(store, aside);
    await settle(store, await start(store, retrying), { result: retryIn(SECOND) });
    for (const run of [due, aside, retrying]) await subject.damage(store, { what: "unknown run state", of: run.runId });
    expect(await wake(store, START + HOUR)).toEqual({ ready: 0, ended: [], nextWakeAt: null, more: false });
    const all = { shard: ALL_SLOTS, now: START + HOUR, limit: 10 };
    expect(await store.dueRuns.closeWaiting({ ...all, dueBefore: START + HOUR })).toEqual([]);
    expect(await store.dueRuns.resetWaits({ ...all, now: START - HOUR, waitMsMax: SECOND })).toBe(0);
    expect(await store.control.cancelOpen("default", { ...all, jobUid: job.uid })).toEqual([]);
    for (const { runId } of [due, aside, retrying]) {
      await expect(store.control.cancel("default", { runId, now: START })).rejects.toBeInstanceOf(AppError);
      await expect(store.runs.get("default", runId)).rejects.toMatchObject({ code: "store_corrupt" });
    }
    expect(await unannounced(store)).toEqual([]);
  },

  "runs whose definition cannot be read are not published, and take no place of those that can": async ({ store, subject }) => {
    for (const what of ["no definition", "torn definition"] as const) {
      const bad = await addJob(store, { id: what.replace(" ", "-"), definition: { overlap: "allow" } });
      await addRuns(store, bad, { count: 3 });
      await subject.damage(store, { what, of: bad.uid });
    }
    const good = await addRun(store, await addJob(store, { id: "good" }), { now: START + SECOND });
    expect(pickRunIds(await publishable(store, "default", 1))).toEqual([good.runId]);
    expect(pickRunIds(await publishable(store))).toEqual([good.runId]);
    expect(await store.dueRuns.queues(ALL_SLOTS)).toEqual(["default"]);
    expect(subject.unreadable.at(-1)).toMatchObject({ kind: "run" });
  },

  "runs that cannot be described to an executor are not published either, and cannot be claimed": async ({ store, subject }) => {
    const harms = ["torn names", "torn counts", "unknown run state"] as const;
    const bad: DueRun[] = [];
    for (const what of harms) {
      const run = await addRun(store, await addJob(store, { id: what.replaceAll(" ", "-") }));
      if (await subject.damage(store, { what, of: run.runId })) bad.push(run);
    }
    const good = await addRun(store, await addJob(store, { id: "good" }), { now: START + SECOND });
    expect(pickRunIds(await publishable(store, "default", bad.length + 1))).toContain(good.runId);
    const read = await store.claims.read(pickRunIds([...bad, good]));
    expect(pickRunIds(read)).toContain(good.runId);
    const outcomes = await claim(store, [...bad, good]);
    expect(outcomes.at(-1)).toMatchObject({ kind: "won" });
  },

  "a retry whose attempt or instant cannot be read hides none from those that come due": async ({ store, subject }) => {
    const harms = ["torn attempt", "torn wait", "torn counts", "torn history"] as const;
    const addRetry = async (id: string, now: number): Promise<DueRun> => {
      const run = await addRun(store, await addJob(store, { id }), { now });
      await settle(store, await start(store, run, { now }), { result: retryIn(SECOND), now });
      return run;
    };
    for (const what of harms) {
      const run = await addRetry(what.replaceAll(" ", "-"), START);
      await subject.damage(store, { what, of: run.runId });
    }
    const good = await addRetry("good", START + 1);
    expect((await wake(store, START + MINUTE, harms.length + 1)).ready).toBeGreaterThanOrEqual(1);
    const published = await publishable(store);
    expect(published.filter(({ runId }) => runId === good.runId)).toMatchObject([{ attempt: 2, failures: 1 }]);
    expect(await start(store, { ...good, attempt: 2, failures: 1, firstStartedAt: START + 1 }, { token: "again" })).toBeDefined();
    // Otherwise the scheduler, which waits until then, would not wait at all.
    expect(await wake(store, START + MINUTE, harms.length + 1)).toMatchObject({ more: false, nextWakeAt: null });
  },

  "of runs asked for by id, those that can be read are answered": async ({ store, subject }) => {
    const bad = await addRun(store, await addJob(store, { id: "bad" }));
    const good = await addRun(store, await addJob(store, { id: "good" }));
    await subject.damage(store, { what: "no definition", of: bad.jobUid });
    expect(pickRunIds(await store.claims.read([bad.runId, good.runId]))).toEqual([good.runId]);
    expect(await store.runs.origin("default", bad.runId)).toBeNull();
    expect(await store.runs.origin("default", good.runId)).not.toBeNull();
  },

  "runs whose definition is gone are woken, expire and are taken up as any other": async ({ store, subject, endLeases }) => {
    const definition = { overlap: "allow", expireAfterMs: MINUTE } as const;
    const job = await addJob(store, { definition });
    const good = await addJob(store, { id: "good", definition });
    const [expires, retries, rescued] = (await addRuns(store, job, { count: 3 })) as [DueRun, DueRun, DueRun];
    const other = await addRun(store, good);
    await settle(store, await start(store, retries), { result: retryIn(SECOND) });
    await start(store, rescued, { token: "token-2" });
    await subject.damage(store, { what: "no definition", of: job.uid });
    expect(await wake(store, START + SECOND)).toMatchObject({ ready: 1 });
    const woken = await wake(store, START + 2 * MINUTE);
    expect(pickRunIds(woken.ended).sort()).toEqual(pickRunIds([expires, other]).sort());
    const ends = await endLeases({ now: START, leaseMs: LEASE_MS });
    const leases = await ending(ends.store, ends.now);
    expect(pickRunIds(leases)).toEqual([rescued.runId]);
    const rescues = leases.map(({ runId, expiresAt }) => ({ runId, expiresAt, to: "lost" }) as const);
    expect(await ends.store.leases.rescue({ rescues, now: ends.now })).toMatchObject({ rescued: 1, ended: [{ state: "lost" }] });
  },

  "after a restart the others go on": async (context) => {
    const { store, subject } = context;
    if (subject.reopen === undefined) return;
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const [unknown, torn, retrying, good] = (await addRuns(store, job, { count: 4 })) as [DueRun, DueRun, DueRun, DueRun];
    await settle(store, await start(store, retrying), { result: retryIn(SECOND) });
    await subject.damage(store, { what: "unknown run state", of: unknown.runId });
    await subject.damage(store, { what: "torn history", of: torn.runId });
    await subject.damage(store, { what: "torn history", of: retrying.runId });
    const reopened = await context.reopen();
    await wake(reopened, START + MINUTE);
    const ready = pickRunIds(await publishable(reopened));
    expect(ready).toEqual(expect.arrayContaining([torn.runId, retrying.runId, good.runId]));
    expect(await end(reopened, await start(reopened, good))).toMatchObject({ state: "succeeded" });
  },
});
