import { expect } from "@jest/globals";
import type { ClaimedRun, DueRun } from "../../../domain/run/due-run.ts";
import { ALL_SLOTS } from "../../../domain/slot.ts";
import type { Store } from "../../../ports/store/store.ts";
import { HOUR, SECOND, START } from "../../factories.ts";
import {
  addJob,
  addJobWithRun,
  addRun,
  end,
  ending,
  LEASE_MS,
  only,
  pickRunIds,
  publishable,
  readRun,
  settle,
  SUCCESS,
} from "../store-steps.ts";
import { defineContract } from "../store-subject.ts";

/** Claims a run for an executor that is another process. */
async function startExternal(store: Store, run: DueRun, { token = "external", now = START, leaseMs = LEASE_MS } = {}): Promise<ClaimedRun> {
  const claimant = { executor: "elsewhere", token, leaseMs, external: true };
  const outcome = only(await store.claims.claim({ runs: [run], claimant, now, firedAfter: 0 }));
  if (outcome.kind !== "won") throw new Error(`claim of ${run.runId} was ${outcome.kind}`);
  return outcome.claim;
}
const renew = (store: Store, { run, token }: ClaimedRun, now: number, leaseMs = LEASE_MS) =>
  store.claims.heartbeat({ leases: [{ runId: run.runId, token }], leaseMs, now });
const rescue = async (store: Store, now: number) => {
  const { runId, expiresAt } = only(await ending(store, now));
  return store.leases.rescue({ rescues: [{ runId, expiresAt, to: "due" }], now });
};
const publish = (store: Store, runs: readonly DueRun[]): Promise<void> =>
  store.dueRuns.published({ runs, now: START, repeatMs: 10 * SECOND, repeatMsMax: HOUR });

/** Claims of executors that are no part of the store's process: their leases end by time in every store. */
export const externalClaimsContract = defineContract("RunClaims, of executors elsewhere", {
  "the lease ends by time, and its owner is not known to be gone": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    expect(await startExternal(store, run)).toMatchObject({ leaseMs: LEASE_MS, startedAt: START });
    expect(await ending(store, START + LEASE_MS - 1)).toEqual([]);
    expect(only(await ending(store, START + LEASE_MS))).toMatchObject({
      runId: run.runId,
      attempt: 1,
      leaseMs: LEASE_MS,
      expiresAt: START + LEASE_MS,
      ownerGone: false,
    });
  },

  "a heartbeat renews it for as long as it says; a rescue by the earlier expiry loses": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    const held = await startExternal(store, run);
    const { expiresAt } = only(await ending(store, START + LEASE_MS));
    expect(await renew(store, held, START + LEASE_MS, 2 * LEASE_MS)).toEqual({ renewed: [run.runId], cancelRequested: [] });
    expect(await ending(store, START + 3 * LEASE_MS - 1)).toEqual([]);
    const late = { rescues: [{ runId: run.runId, expiresAt, to: "due" as const }], now: START + LEASE_MS };
    expect(await store.leases.rescue(late)).toEqual({ rescued: 0, ended: [] });
    expect(only(await ending(store, START + 3 * LEASE_MS))).toMatchObject({ leaseMs: 2 * LEASE_MS });
    expect((await end(store, held)).state).toBe("succeeded");
    expect(await ending(store, START + HOUR)).toEqual([]);
  },

  "a heartbeat says that a cancel was requested": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    const held = await startExternal(store, run);
    await store.control.cancel(run.tenantId, { runId: run.runId, now: START });
    expect(await renew(store, held, START + SECOND)).toEqual({ renewed: [run.runId], cancelRequested: [run.runId] });
  },

  "rescued, its run is claimed again, and the token of before neither renews nor settles": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    const held = await startExternal(store, run);
    const now = START + LEASE_MS;
    expect((await rescue(store, now)).rescued).toBe(1);
    const [again] = await publishable(store);
    expect(again).toMatchObject({ runId: run.runId, attempt: 2, rescues: 1, failures: 0 });
    const second = await startExternal(store, again as DueRun, { token: "second", now });
    expect(await renew(store, held, now)).toEqual({ renewed: [], cancelRequested: [] });
    expect(await settle(store, held, { result: SUCCESS, now })).toEqual({ kind: "stale" });
    expect((await end(store, second, { now })).attempt).toBe(2);
    expect((await readRun(store, run)).attempts).toMatchObject([
      { state: "lost", executor: "elsewhere" },
      { state: "succeeded", executor: "elsewhere" },
    ]);
  },

  "it outlives a restart of the store's process: the attempt goes on, and its lease still ends by time": async ({
    store,
    subject,
    reopen,
  }) => {
    if (subject.reopen === undefined) return;
    const { run } = await addJobWithRun(store);
    const held = await startExternal(store, run);
    const own = await addJobWithRun(store, { id: "own" });
    await store.claims.claim({
      runs: [own.run],
      claimant: { executor: "here", token: "here", leaseMs: LEASE_MS },
      now: START,
      firedAfter: 0,
    });
    const after = await reopen();
    const owners = async (now: number) => new Map((await ending(after, now)).map((lease) => [lease.runId, lease.ownerGone]));
    expect((await owners(START)).has(run.runId)).toBe(false);
    expect((await owners(START + LEASE_MS)).get(run.runId)).toBe(false);
    expect(await renew(after, held, START + LEASE_MS)).toEqual({ renewed: [run.runId], cancelRequested: [] });
    expect((await owners(START + LEASE_MS)).has(run.runId)).toBe(false);
    expect((await end(after, held)).state).toBe("succeeded");
  },

  "after it was released, a lease of the store's own process ends as those do": async ({ store, subject }) => {
    const { run } = await addJobWithRun(store);
    await settle(store, await startExternal(store, run), { result: { kind: "released" } });
    const [again] = await publishable(store);
    const claimant = { executor: "here", token: "here", leaseMs: LEASE_MS };
    await store.claims.claim({ runs: [again as DueRun], claimant, now: START, firedAfter: 0 });
    expect(await ending(store, START + LEASE_MS)).toHaveLength(subject.leases === "clock" ? 1 : 0);
  },

  "when the clock was set back, a lease that would end far too late ends after one whole lease": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    await startExternal(store, run, { now: START + HOUR });
    await store.dueRuns.resetWaits({ shard: ALL_SLOTS, now: START, waitMsMax: HOUR });
    expect(await ending(store, START + LEASE_MS - 1)).toEqual([]);
    expect(only(await ending(store, START + LEASE_MS))).toMatchObject({ expiresAt: START + LEASE_MS });
  },

  "runs that wait are read whether they were published or not, in one order, and for some handlers alone": async ({ store }) => {
    const make = async (id: string, priority: number, handler: string): Promise<DueRun> =>
      addRun(store, await addJob(store, { id, definition: { priority, handler } }));
    const [low, high, middle] = [await make("low", 1, "a"), await make("high", 9, "b"), await make("middle", 5, "a")];
    await publish(store, [high, low]);
    const read = async (query: { unclaimed?: boolean; handlers?: readonly string[]; limit?: number }) =>
      pickRunIds(await store.dueRuns.publishable({ shard: ALL_SLOTS, queue: "default", limit: 10, ...query }));
    expect(await read({})).toEqual(pickRunIds([middle]));
    expect(await read({ unclaimed: true })).toEqual(pickRunIds([high, middle, low]));
    expect(await read({ unclaimed: true, limit: 2 })).toEqual(pickRunIds([high, middle]));
    expect(await read({ unclaimed: true, handlers: ["a", "c"] })).toEqual(pickRunIds([middle, low]));
    expect(await read({ handlers: ["b"] })).toEqual([]);
    await startExternal(store, high);
    expect(await read({ unclaimed: true, handlers: ["b"] })).toEqual([]);
  },
});
