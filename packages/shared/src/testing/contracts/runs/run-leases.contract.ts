import { expect } from "@jest/globals";
import type { LeasePosition, LeaseView, Rescue } from "../../../ports/runs/run-leases.ts";
import { countReleases, type DueRun } from "../../../domain/run/due-run.ts";
import { runError } from "../../../domain/run/run-error.ts";
import type { Store } from "../../../ports/store/store.ts";
import { HOUR, SECOND, START } from "../../factories.ts";
import {
  addJob,
  addJobWithRun,
  addRun,
  addRuns,
  claim,
  end,
  ending,
  pickRunIds,
  LEASE_MS,
  only,
  publishable,
  race,
  readRun,
  retryIn,
  settle,
  start,
  SUCCESS,
  unannounced,
  wake,
} from "../store-steps.ts";
import { defineContract } from "../store-subject.ts";

const LEASE = { now: START, leaseMs: LEASE_MS };

const rescueTo = async (store: Store, to: Rescue["to"], now: number) => {
  const { runId, expiresAt } = only(await ending(store, now));
  return store.leases.rescue({ rescues: [{ runId, expiresAt, to }], now });
};

/** Leases that ended, and the outcomes of their runs. */
export const runLeasesContract = defineContract("RunLeases", {
  "a lease that stands is not listed": async ({ store, subject }) => {
    const { run } = await addJobWithRun(store);
    await start(store, run);
    expect(await ending(store, START + LEASE_MS - 1)).toEqual([]);
    if (subject.leases === "incarnation") expect(await ending(store, START + HOUR)).toEqual([]);
  },

  "a lease that ended is listed with all that a rescue needs": async ({ store, subject, endLeases }) => {
    const { run } = await addJobWithRun(store, { definition: { onUncertain: "skip" } });
    await start(store, run);
    const after = await endLeases(LEASE);
    const view = only(await ending(after.store, after.now));
    const { runId, handler } = run;
    expect(view).toMatchObject({ runId, handler, attempt: 1, rescues: 0, onUncertain: "skip", cancelRequested: false });
    if (subject.leases === "clock") expect(view).toMatchObject({ leaseMs: LEASE_MS, expiresAt: START + LEASE_MS, ownerGone: false });
    else expect(view.ownerGone).toBe(true);
  },

  "due, retrying and ended runs have no lease": async ({ store, endLeases }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const runs = (await addRuns(store, job, { count: 3 })) as [DueRun, DueRun, DueRun];
    await end(store, await start(store, runs[1]));
    await settle(store, await start(store, runs[2]), { result: { kind: "released" } });
    const after = await endLeases(LEASE);
    expect(await ending(after.store, after.now)).toEqual([]);
  },

  "leases are listed for the slots asked for, earliest first, at most so many": async ({ store, subject, endLeases }) => {
    const runs: DueRun[] = [];
    for (const [index, id] of ["b", "c", "a"].entries()) {
      const run = await addRun(store, await addJob(store, { id, slot: index }));
      await start(store, run, { token: id, now: START + (3 - index) * SECOND });
      runs.push(run);
    }
    const after = await endLeases({ ...LEASE, now: START + 3 * SECOND });
    if (subject.leases === "clock") expect(pickRunIds(await ending(after.store, after.now))).toEqual(pickRunIds(runs).reverse());
    expect(await ending(after.store, after.now)).toHaveLength(3);
    expect(await ending(after.store, after.now, { limit: 2 })).toHaveLength(2);
    const own = await ending(after.store, after.now, { shard: { from: 1, to: 2 } });
    expect(pickRunIds(own)).toEqual([runs[1]!.runId]);
  },

  "a walk goes on behind the leases it has seen, also where many end at the same instant": async ({ store, endLeases }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const runs = await addRuns(store, job, { count: 7 });
    await claim(store, runs.slice(0, 5), { token: "together" });
    for (const [index, run] of runs.slice(5).entries())
      await start(store, run, { token: `own-${index}`, now: START + (index + 1) * SECOND });
    const after = await endLeases({ ...LEASE, now: START + 2 * SECOND });
    const seen: LeaseView[] = [];
    for (let position: LeasePosition | null = null, page = 0; page < 10; page += 1) {
      const leases: readonly LeaseView[] = await ending(after.store, after.now, { after: position, limit: 2 });
      seen.push(...leases);
      if (leases.length < 2) break;
      const { expiresAt } = leases.at(-1)!;
      position = { expiresAt, runIds: pickRunIds(seen.filter((lease) => lease.expiresAt === expiresAt)) };
    }
    expect(pickRunIds(seen)).toHaveLength(7);
    expect(new Set(pickRunIds(seen))).toEqual(new Set(pickRunIds(runs)));
    expect(seen.map(({ expiresAt }) => expiresAt)).toEqual(seen.map(({ expiresAt }) => expiresAt).toSorted((left, right) => left - right));
  },

  "a rescued run is due again with the next attempt, and publishable": async ({ store, endLeases }) => {
    const { run } = await addJobWithRun(store);
    await start(store, run, { executor: "crashed" });
    const after = await endLeases(LEASE);
    expect(await rescueTo(after.store, "due", after.now)).toEqual({ rescued: 1, ended: [] });
    expect(await publishable(after.store)).toEqual([{ ...run, attempt: 2, rescues: 1, firstStartedAt: START }]);
    expect(await readRun(after.store, run)).toMatchObject({
      state: "due",
      attempt: 2,
      attempts: [{ attempt: 1, state: "lost", executor: "crashed" }],
    });
    expect(await ending(after.store, after.now)).toEqual([]);
    expect(await unannounced(after.store)).toEqual([]);
  },

  "the crashed executor's token is stale": async ({ store, endLeases }) => {
    const { run } = await addJobWithRun(store);
    const held = await start(store, run);
    const after = await endLeases(LEASE);
    await rescueTo(after.store, "due", after.now);
    expect(await settle(after.store, held, { result: SUCCESS })).toEqual({ kind: "stale" });
    const leases = [{ runId: run.runId, token: held.token }];
    expect(await after.store.claims.heartbeat({ leases, leaseMs: LEASE_MS, now: after.now })).toEqual({ renewed: [], cancelRequested: [] });
    const second = await start(after.store, { ...run, attempt: 2, rescues: 1 }, { token: "second", now: after.now });
    expect(await settle(after.store, held, { result: SUCCESS })).toEqual({ kind: "stale" });
    expect((await end(after.store, second)).attempt).toBe(2);
  },

  "a rescue counts no failure, and rescues add up": async ({ store, endLeases }) => {
    const { run } = await addJobWithRun(store);
    let [current, now] = [store, START];
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      await start(current, { ...run, attempt, rescues: attempt - 1 }, { token: `token-${attempt}`, now });
      ({ store: current, now } = await endLeases({ now, leaseMs: LEASE_MS }));
      expect(only(await ending(current, now))).toMatchObject({ attempt, rescues: attempt - 1 });
      await rescueTo(current, "due", now);
    }
    expect(await publishable(current)).toEqual([{ ...run, attempt: 4, rescues: 3, failures: 0, firstStartedAt: START }]);
  },

  "an attempt whose fate is unknown may end its run: lost, failed or cancelled": async ({ store, endLeases }) => {
    let [current, now] = [store, START];
    const job = await addJob(store);
    for (const to of ["lost", "failed", "cancelled"] as const) {
      const run = await addRun(current, job, { name: to });
      await start(current, run, { token: to, now });
      ({ store: current, now } = await endLeases({ now, leaseMs: LEASE_MS }));
      const { rescued, ended } = await rescueTo(current, to, now);
      expect(rescued).toBe(1);
      expect(only(ended)).toMatchObject({ runId: run.runId, state: to, attempt: 1, finishedAt: now, output: null });
      expect(await readRun(current, run)).toMatchObject({ state: to, finishedAt: now, attempts: [{ attempt: 1, state: "lost" }] });
      expect(await unannounced(current)).toContainEqual(only(ended));
      expect(await publishable(current)).toEqual([]);
    }
    // Each end released the job's lock; otherwise the next one would have been an overlap.
    expect(only(await claim(current, [await addRun(current, job, { name: "next" })], { now })).kind).toBe("won");
  },

  "a run that a rescue ends says what the rescue says, or else what its latest failed attempt said": async ({ store, endLeases }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const runs = await addRuns(store, job, { count: 3 });
    for (const run of runs) await settle(store, await start(store, run), { result: retryIn(SECOND) });
    await wake(store, START + SECOND);
    for (const run of runs) await start(store, { ...run, attempt: 2, failures: 1 }, { token: "second", now: START + SECOND });
    const after = await endLeases({ now: START + SECOND, leaseMs: LEASE_MS });
    const errors = [runError("rescued_too_often", "six times", false), runError("rescued_too_often", "seven times", false), undefined];
    const leases = await ending(after.store, after.now);
    const rescues = runs.map(({ runId }, index) => {
      const { expiresAt } = only(leases.filter((lease) => lease.runId === runId));
      const error = errors[index];
      return { runId, expiresAt, to: "failed" as const, ...(error === undefined ? {} : { error }) };
    });
    const { rescued, ended } = await after.store.leases.rescue({ rescues, now: after.now });
    expect(rescued).toBe(3);
    for (const [index, run] of runs.entries()) {
      const said = { state: "failed", error: errors[index] ?? { code: "http_status", message: "503", retryable: true } };
      expect(only(ended.filter(({ runId }) => runId === run.runId))).toMatchObject(said);
      expect(await readRun(after.store, run)).toMatchObject({
        ...said,
        attempts: [
          { state: "failed", error: { message: "503" } },
          { state: "lost", error: null },
        ],
      });
    }
    expect(await unannounced(after.store)).toEqual(expect.arrayContaining([...ended]));
  },

  "a release is counted by neither failures nor rescues, so that how many there were is known": async ({ store, endLeases }) => {
    const { run } = await addJobWithRun(store);
    let [current, now] = [store, START];
    const next = async () => {
      const due = only(await publishable(current));
      return start(current, due, { token: `token-${due.attempt}`, now });
    };
    await settle(current, await next(), { result: { kind: "released" }, now });
    await settle(current, await next(), { result: retryIn(SECOND), now });
    now += SECOND;
    await wake(current, now);
    await next();
    ({ store: current, now } = await endLeases({ now, leaseMs: LEASE_MS }));
    await rescueTo(current, "due", now);
    await settle(current, await next(), { result: { kind: "released" }, now });
    const due = only(await publishable(current));
    expect(due).toMatchObject({ attempt: 5, failures: 1, rescues: 1 });
    expect(countReleases(due)).toBe(2);
    expect(await current.claims.read([run.runId])).toEqual([due]);
  },

  "with a cancel flag a rescue closes as cancelled": async ({ store, endLeases }) => {
    const { run } = await addJobWithRun(store);
    await start(store, run);
    await store.control.cancel(run.tenantId, { runId: run.runId, now: START });
    const after = await endLeases(LEASE);
    expect(only(await ending(after.store, after.now)).cancelRequested).toBe(true);
    const { rescued, ended } = await rescueTo(after.store, "due", after.now);
    expect(rescued).toBe(1);
    expect(only(ended)).toMatchObject({ runId: run.runId, state: "cancelled" });
    expect(await publishable(after.store)).toEqual([]);
  },

  "a rescue compares the exact expiry": async ({ store, endLeases }) => {
    const { run } = await addJobWithRun(store);
    await start(store, run);
    const after = await endLeases(LEASE);
    const { expiresAt } = only(await ending(after.store, after.now));
    for (const wrong of [expiresAt - 1, expiresAt + 1]) {
      const result = await after.store.leases.rescue({ rescues: [{ runId: run.runId, expiresAt: wrong, to: "due" }], now: after.now });
      expect(result).toEqual({ rescued: 0, ended: [] });
    }
    expect((await readRun(after.store, run)).state).toBe("running");
  },

  "a heartbeat before the rescue wins": async ({ store, subject, endLeases }) => {
    if (subject.leases === "incarnation") return; // No process can renew it: the one that held the lease has ended.
    const { run } = await addJobWithRun(store);
    const held = await start(store, run);
    const { now } = await endLeases(LEASE);
    const { expiresAt } = only(await ending(store, now));
    const leases = [{ runId: run.runId, token: held.token }];
    expect((await store.claims.heartbeat({ leases, leaseMs: LEASE_MS, now })).renewed).toEqual([run.runId]);
    expect(await store.leases.rescue({ rescues: [{ runId: run.runId, expiresAt, to: "due" }], now })).toEqual({ rescued: 0, ended: [] });
    expect((await end(store, held)).attempt).toBe(1);
  },

  "a rescue that comes after the end, or of an unknown run, changes nothing": async ({ store, endLeases }) => {
    const { run } = await addJobWithRun(store);
    const held = await start(store, run);
    const after = await endLeases(LEASE);
    const { expiresAt } = only(await ending(after.store, after.now));
    await settle(after.store, held, { result: SUCCESS });
    const rescues = [run.runId, "0".repeat(26)].map((runId) => ({ runId, expiresAt, to: "due" as const }));
    const before = await readRun(after.store, run);
    if (before.state !== "succeeded") return; // A store may refuse the result of an owner that has ended.
    expect(await after.store.leases.rescue({ rescues, now: after.now })).toEqual({ rescued: 0, ended: [] });
    expect(await readRun(after.store, run)).toEqual(before);
  },

  "of many who rescue one run exactly one does, and repeating is harmless": async ({ store, endLeases }) => {
    const { run } = await addJobWithRun(store);
    await start(store, run);
    const after = await endLeases(LEASE);
    const { expiresAt } = only(await ending(after.store, after.now));
    const results = await race(() => after.store.leases.rescue({ rescues: [{ runId: run.runId, expiresAt, to: "due" }], now: after.now }));
    expect(results.reduce((total, { rescued }) => total + rescued, 0)).toBe(1);
    expect(only(await publishable(after.store))).toMatchObject({ attempt: 2, rescues: 1 });
  },

  "a rescued run that is claimed again is not rescued by the old expiry": async ({ store, endLeases }) => {
    const { run } = await addJobWithRun(store);
    await start(store, run);
    const after = await endLeases(LEASE);
    const { expiresAt } = only(await ending(after.store, after.now));
    const rescues = [{ runId: run.runId, expiresAt, to: "due" as const }];
    await after.store.leases.rescue({ rescues, now: after.now });
    const second = await start(after.store, { ...run, attempt: 2, rescues: 1 }, { token: "second", now: after.now + SECOND });
    expect(await after.store.leases.rescue({ rescues, now: after.now + SECOND })).toEqual({ rescued: 0, ended: [] });
    expect((await end(after.store, second)).attempt).toBe(2);
  },

  "leases are found by slot range as a whole": async ({ store, endLeases }) => {
    const { run } = await addJobWithRun(store);
    await start(store, run);
    const after = await endLeases(LEASE);
    expect(await ending(after.store, after.now, { shard: { from: 0, to: 0 } })).toEqual([]);
    expect(await ending(after.store, after.now)).toHaveLength(1);
  },
});
