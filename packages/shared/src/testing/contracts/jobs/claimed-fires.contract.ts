import { expect } from "@jest/globals";
import type { DueRun } from "../../../domain/run/due-run.ts";
import type { Fire } from "../../../domain/fire/fire.ts";
import { ALL_SLOTS } from "../../../domain/slot.ts";
import type { FireResult } from "../../../ports/jobs/due-jobs.ts";
import type { Store } from "../../../ports/store/store.ts";
import { MINUTE, SECOND, START } from "../../factories.ts";
import { newDueRun, newEntry, newManualFire, newFire } from "../../factories-fire.ts";
import {
  addJob,
  addRun,
  claim,
  countKind,
  end,
  fire,
  pickRunIds,
  LEASE_MS,
  only,
  publishable,
  race,
  readRun,
  settle,
  start,
  SUCCESS,
  unannounced,
} from "../store-steps.ts";
import { defineContract } from "../store-subject.ts";

const fireClaiming = (
  store: Store,
  fires: readonly Fire[],
  { claimed = fires.map((_, index) => index), token = "fire-token" } = {},
): Promise<FireResult> => store.dueJobs.fire({ fires, now: START, claimant: { executor: "local", token, leaseMs: LEASE_MS }, claimed });

const wonRuns = ({ outcomes }: FireResult) => outcomes.flatMap((outcome) => (outcome.kind === "won" ? outcome.runs : []));

const asClaim = (run: DueRun, token = "fire-token") => ({ run, token, leaseMs: null, startedAt: START });

/** Fires that claim in their own write. A store need not support this; its answer must be true. */
export const claimedFiresContract = defineContract("DueJobs.fire with a claimant", {
  "a run that is said to be claimed runs under that token; any other is due": async ({ store, subject }) => {
    const job = await addJob(store);
    const result = await fireClaiming(store, [newFire(job)]);
    const run = newDueRun(job);
    const fired = only(wonRuns(result));
    const stored = await readRun(store, run);
    if (!fired.claimed) {
      expect(fired.state).toBe("due");
      expect(stored.state).toBe("due");
      expect(await publishable(store)).toEqual([run]);
      return;
    }
    expect(fired.state).toBe("running");
    expect(result.leaseMs).toBe(subject.leases === "clock" ? LEASE_MS : null);
    expect(stored).toMatchObject({ state: "running", attempt: 1, startedAt: START, firstStartedAt: START });
    expect(stored.attempts).toMatchObject([{ attempt: 1, state: "running", executor: "local", startedAt: START, finishedAt: null }]);
    expect(await publishable(store)).toEqual([]);
    expect(await store.dueRuns.unclaimed(ALL_SLOTS)).toEqual({});
    expect(await claim(store, [run], { token: "other" })).toEqual([{ kind: "lost" }]);
    expect(await settle(store, asClaim(run, "other"), { result: SUCCESS })).toEqual({ kind: "stale" });
    expect(await end(store, asClaim(run))).toMatchObject({ state: "succeeded", attempt: 1 });
  },

  "a fire that did not ask for it is not claimed": async ({ store }) => {
    const asked = await addJob(store, { id: "asked" });
    const other = await addJob(store, { id: "other" });
    await fireClaiming(store, [newFire(other), newFire(asked)], { claimed: [1] });
    expect((await readRun(store, newDueRun(other))).state).toBe("due");
    expect(pickRunIds(await publishable(store))).toContain(newDueRun(other).runId);
  },

  "at most the first due entry of a fire is claimed": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const entries = [
      newEntry(job, { state: "missed", reason: "misfire", scheduledFor: START - MINUTE }),
      newEntry(job, { scheduledFor: START }),
      newEntry(job, { scheduledFor: START + SECOND }),
    ];
    const [missed, first, second] = wonRuns(await fireClaiming(store, [newFire(job, entries)]));
    expect(missed).toMatchObject({ state: "missed", created: true, claimed: false });
    expect(first).toMatchObject({ state: first?.claimed === true ? "running" : "due" });
    expect(second).toMatchObject({ state: "due", claimed: false });
  },

  "a fire that lost claims nothing": async ({ store }) => {
    const job = await addJob(store);
    await fire(store, newFire(job));
    expect((await fireClaiming(store, [newFire(job)])).outcomes).toEqual([{ kind: "lost" }]);
    expect((await readRun(store, newDueRun(job))).state).toBe("due");
  },

  "a run that existed before is not started twice": async ({ store }) => {
    const job = await addJob(store);
    const request = newManualFire(job, { at: START, keys: ["k"] });
    await fire(store, request);
    const held = await start(store, only(await publishable(store)));
    const again = only(wonRuns(await fireClaiming(store, [request])));
    expect(again).toMatchObject({ state: "running", created: false, claimed: false });
    expect((await end(store, held)).state).toBe("succeeded");
  },

  "under an exclusive policy a claimed fire beside an open run is closed as skipped: overlap": async ({ store }) => {
    const job = await addJob(store);
    const held = await start(store, await addRun(store, job, { now: START - SECOND }), { now: START - SECOND });
    const fired = only(wonRuns(await fireClaiming(store, [newFire(job)])));
    if (fired.state === "due") {
      expect(only(await claim(store, [newDueRun(job)], { token: "late" })).kind).toBe("skipped");
    } else {
      expect(fired).toMatchObject({ state: "skipped", reason: "overlap", created: true, claimed: false });
    }
    expect(await readRun(store, newDueRun(job))).toMatchObject({ state: "skipped", reason: "overlap", finishedAt: START });
    expect(await unannounced(store)).toMatchObject([{ runId: fired.runId, state: "skipped", reason: "overlap" }]);
    expect((await end(store, held)).state).toBe("succeeded");
  },

  "a claimed fire holds the job's lock until its run ends": async ({ store }) => {
    const job = await addJob(store);
    const fired = only(wonRuns(await fireClaiming(store, [newFire(job)])));
    const held = fired.claimed ? asClaim(newDueRun(job)) : await start(store, newDueRun(job), { token: "fire-token" });
    const other = await addRun(store, job, { name: "other", now: START + SECOND });
    expect(only(await claim(store, [other], { token: "other", now: START + SECOND })).kind).toBe("skipped");
    await end(store, held);
    expect(only(await claim(store, [await addRun(store, job, { name: "next", now: START + MINUTE })], { token: "next" })).kind).toBe("won");
  },

  "a claimed fire whose run has to wait leaves it to the claim": async ({ store }) => {
    const job = await addJob(store);
    const held = await start(store, await addRun(store, job, { now: START - MINUTE }), { now: START });
    const fired = only(wonRuns(await fireClaiming(store, [newFire(job)])));
    expect(fired).toMatchObject({ state: "due", created: true, claimed: false });
    expect(only(await claim(store, [newDueRun(job)], { token: "late" })).kind).toBe("waiting");
    expect(await settle(store, held, { result: SUCCESS })).toMatchObject({ kind: "ended", ready: "default" });
    expect(only(await claim(store, [newDueRun(job)], { token: "later" })).kind).toBe("won");
  },

  "a claimed fire does not start before an older unclaimed run": async ({ store }) => {
    const job = await addJob(store);
    await addRun(store, job, { now: START - MINUTE });
    expect(only(wonRuns(await fireClaiming(store, [newFire(job)])))).toMatchObject({ state: "due", claimed: false });
  },

  "of many claiming fires of one instant one wins, and its run starts once": async ({ store }) => {
    const job = await addJob(store);
    const results = await race((racer) => fireClaiming(store, [newFire(job)], { token: `token-${racer}` }));
    expect(
      countKind(
        results.flatMap(({ outcomes }) => outcomes),
        "won",
      ),
    ).toBe(1);
    const winner = results.findIndex((result) => wonRuns(result).some(({ claimed }) => claimed));
    const settled = await Promise.all(
      results.map((_, racer) => settle(store, asClaim(newDueRun(job), `token-${racer}`), { result: SUCCESS })),
    );
    expect(settled.map(({ kind }, racer) => (kind === "ended" ? racer : -1)).filter((racer) => racer >= 0)).toEqual(
      winner === -1 ? [] : [winner],
    );
  },
});
