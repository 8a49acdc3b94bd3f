import { expect } from "@jest/globals";
import type { ClaimedRun, DueRun } from "../../../domain/run/due-run.ts";
import type { Job } from "../../../domain/job/job.ts";
import { ALL_SLOTS } from "../../../domain/slot.ts";
import type { Store } from "../../../ports/store/store.ts";
import { MINUTE, SECOND, START } from "../../factories.ts";
import {
  addJob,
  addRun,
  claim,
  defer,
  deleteJob,
  end,
  ending,
  pickRunIds,
  LEASE_MS,
  publishable,
  readRun,
  repair,
  retryIn,
  settle,
  start,
  SUCCESS,
  unannounced,
  wake,
} from "../store-steps.ts";
import { defineContract, type Harm, type StoreContext } from "../store-subject.ts";

const OF_JOBS = ["no definition", "torn definition", "torn last run", "torn pending"] as const satisfies readonly Harm["what"][];
const OF_RUNS = [
  "torn history",
  "unknown run state",
  "unknown cause",
  "torn wait",
  "torn counts",
  "torn names",
] as const satisfies readonly Harm["what"][];
const HARMS = [...OF_JOBS, ...OF_RUNS];

const isOfJob = (what: Harm["what"]): boolean => OF_JOBS.includes(what as never);

interface Neighbours {
  /** One run for each kind of damage, each of a job of its own. */
  readonly bad: readonly DueRun[];
  /** Older and younger than the others. */
  readonly good: readonly [DueRun, DueRun];
  /** All of them, in the order of their ids. */
  readonly all: readonly DueRun[];
  harm(): Promise<void>;
}

async function neighbours({ store, subject }: StoreContext): Promise<Neighbours> {
  const addJobWithRun = async (id: string, now: number): Promise<DueRun> => addRun(store, await addJob(store, { id }), { now });
  const first = await addJobWithRun("first", START);
  const bad: DueRun[] = [];
  for (const what of HARMS) bad.push(await addJobWithRun(what.replaceAll(" ", "-"), START + 1));
  const last = await addJobWithRun("last", START + 2);
  return {
    bad,
    good: [first, last],
    all: [first, ...bad, last],
    async harm() {
      for (const [place, what] of HARMS.entries()) {
        const run = bad[place] as DueRun;
        await subject.damage(store, { what, of: isOfJob(what) ? run.jobUid : run.runId });
      }
    },
  };
}

const startAll = async (store: Store, runs: readonly DueRun[]): Promise<ClaimedRun[]> =>
  (await claim(store, runs)).flatMap((outcome) => (outcome.kind === "won" ? [outcome.claim] : []));

const settleAll = (store: Store, claims: readonly ClaimedRun[], result = SUCCESS) =>
  store.claims.settle({
    settlements: claims.map(({ run, token }) => ({ runId: run.runId, token, result, finishedAt: START + SECOND })),
    now: START + SECOND,
  });

/** The calls of executors and their scheduler for many runs at once. */
export const unreadableClaimsContract = defineContract("claims beside runs that cannot be read", {
  "the others of a batch are claimed": async (context) => {
    const { all, good, harm } = await neighbours(context);
    await harm();
    const outcomes = await claim(context.store, all);
    expect(outcomes).toHaveLength(all.length);
    expect([outcomes[0], outcomes.at(-1)]).toMatchObject(good.map(({ runId }) => ({ kind: "won", claim: { run: { runId } } })));
  },

  "also where it is their second attempt": async (context) => {
    const { store } = context;
    const { all, good, harm } = await neighbours(context);
    await settleAll(store, await startAll(store, all), retryIn(SECOND));
    await harm();
    await wake(store, START + MINUTE);
    const again = all.map((run) => ({ ...run, attempt: 2, failures: 1, firstStartedAt: START }));
    const outcomes = await claim(store, again, { token: "token-2" });
    expect([outcomes[0], outcomes.at(-1)]).toMatchObject(good.map(({ runId }) => ({ kind: "won", claim: { run: { runId } } })));
  },

  "results beside one that cannot be written are written": async (context) => {
    const { store } = context;
    const { all, good, harm } = await neighbours(context);
    const claims = await startAll(store, all);
    expect(claims).toHaveLength(all.length);
    await harm();
    const outcomes = await settleAll(store, claims);
    expect([outcomes[0], outcomes.at(-1)]).toMatchObject(good.map(({ runId }) => ({ kind: "ended", run: { runId, state: "succeeded" } })));
    for (const run of good) expect(await readRun(store, run)).toMatchObject({ state: "succeeded" });
    // A reported end is published to others.
    for (const outcome of outcomes)
      if (outcome.kind === "ended") expect(outcome.run).toMatchObject({ cause: "manual", attempt: 1, count: 1 });
  },

  "ends by request beside one that cannot be announced are written, and returned again": async (context) => {
    const { store } = context;
    const { all, good, harm } = await neighbours(context);
    const claims = await startAll(store, all);
    for (const { tenantId, runId } of all) await store.control.cancel(tenantId, { runId, now: START });
    await harm();
    for (let again = 0; again < 2; again += 1) {
      const outcomes = await settleAll(store, claims, retryIn(SECOND));
      expect([outcomes[0], outcomes.at(-1)]).toMatchObject(
        good.map(({ runId }) => ({ kind: "ended", run: { runId, state: "cancelled" } })),
      );
    }
    expect(pickRunIds(await unannounced(store))).toEqual(expect.arrayContaining(pickRunIds(good)));
  },

  "leases are renewed, and those that end are taken up": async (context) => {
    const { store, endLeases } = context;
    const { all, good, harm } = await neighbours(context);
    const claims = await startAll(store, all);
    await harm();
    const leases = claims.map(({ run, token }) => ({ runId: run.runId, token }));
    const { renewed } = await store.claims.heartbeat({ leases, leaseMs: LEASE_MS, now: START });
    expect(renewed).toEqual(expect.arrayContaining(pickRunIds(good)));
    const ends = await endLeases({ now: START, leaseMs: LEASE_MS });
    const views = await ending(ends.store, ends.now);
    const rescues = views.map(({ runId, expiresAt }) => ({ runId, expiresAt, to: "due" }) as const);
    expect(pickRunIds(rescues)).toEqual(expect.arrayContaining(pickRunIds(good)));
    expect((await ends.store.leases.rescue({ rescues, now: ends.now })).rescued).toBe(rescues.length);
    expect(await ending(ends.store, ends.now)).toEqual([]);
    expect(pickRunIds(await publishable(ends.store))).toEqual(expect.arrayContaining(pickRunIds(good)));
  },

  "a run at work whose history is lost is not at work for ever, and keeps its job for no longer": async ({ store, subject, endLeases }) => {
    const job = await addJob(store);
    const run = await addRun(store, job);
    const held = await start(store, run);
    if (!(await subject.damage(store, { what: "torn history", of: run.runId }))) return;
    await settle(store, held, { result: SUCCESS });
    const ends = await endLeases({ now: START, leaseMs: LEASE_MS });
    const rescues = (await ending(ends.store, ends.now)).map(({ runId, expiresAt }) => ({ runId, expiresAt, to: "due" }) as const);
    if (rescues.length > 0) await ends.store.leases.rescue({ rescues, now: ends.now });
    for (const again of await publishable(ends.store)) await end(ends.store, await start(ends.store, again, { token: "token-2" }));
    expect(await readRun(ends.store, run)).toMatchObject({ state: "succeeded" });
    const next = await addRun(ends.store, job, { name: "next", now: START + SECOND });
    expect(await end(ends.store, await start(ends.store, next, { token: "token-3" }))).toMatchObject({ state: "succeeded" });
  },

  "who has the others, and how they stand, is answered": async (context) => {
    const { store } = context;
    const { all, good, harm } = await neighbours(context);
    await startAll(store, all);
    await harm();
    const runIds = pickRunIds(all);
    expect(pickRunIds(await store.claims.holders(runIds))).toEqual(expect.arrayContaining(pickRunIds(good)));
    const standing = (await store.status.standing(runIds)).map(({ lastRun }) => lastRun.runId);
    expect(standing).toEqual(expect.arrayContaining(pickRunIds(good)));
    await store.status.apply(await store.status.standing(pickRunIds(good)));
    const lastRuns = await store.claims.lastRuns(all.map(({ jobUid }) => jobUid));
    expect([...lastRuns.keys()]).toEqual(expect.arrayContaining(good.map(({ jobUid }) => jobUid)));
  },

  "those put aside are resumed, and those that wait for too long are closed": async (context) => {
    const { store } = context;
    const { all, good, harm } = await neighbours(context);
    for (const run of all) await defer(store, run);
    await harm();
    const query = { shard: ALL_SLOTS, queue: "default", handlers: ["http"], after: null, limit: 100 };
    expect((await store.deferred.resume(query)).runIds).toEqual(expect.arrayContaining(pickRunIds(good)));
    await store.dueRuns.resetWaits({ shard: ALL_SLOTS, now: START - 100 * MINUTE, waitMsMax: MINUTE });
    const closed = await store.dueRuns.closeWaiting({ shard: ALL_SLOTS, dueBefore: START + MINUTE, now: START + MINUTE, limit: 100 });
    expect(pickRunIds(closed)).toEqual(expect.arrayContaining(pickRunIds(good)));
  },

  "a job whose pending fires are lost hides none from repairs and sweeps": async ({ store, subject }) => {
    const lost = await addJob(store, { id: "lost" });
    const good = await addJob(store, { id: "good" });
    if (!(await subject.damage(store, { what: "torn pending", of: lost.uid }))) return;
    const other = { ...good, definition: { ...good.definition, name: "Other" } } satisfies Job;
    await store.jobs.addDefinition("default", { jobUid: lost.uid, definition: other.definition });
    expect(await repair(store)).toBe(0);
    await deleteJob(store, good);
    await store.outbox.sent((await store.outbox.unsent({ shard: ALL_SLOTS, limit: 100 })).map(({ id }) => id));
    const sweep = { now: START, endedBefore: 0, boundBefore: 0, deletedBefore: START + 1, limit: 100 };
    expect((await store.retention.sweep(sweep)).tombstones).toBe(1);
    expect(await store.jobs.get("default", "lost")).toMatchObject({ id: "lost" });
  },
});
