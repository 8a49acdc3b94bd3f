import { expect } from "@jest/globals";
import type { DueRun } from "../../../domain/run/due-run.ts";
import type { Instant } from "../../../domain/time/instant.ts";
import type { Job } from "../../../domain/job/job.ts";
import { OVERLAP_BUFFER_MAX, type OverlapPolicy } from "../../../domain/policy/overlap.ts";
import type { ClaimOutcome } from "../../../ports/runs/run-claims.ts";
import type { Store } from "../../../ports/store/store.ts";
import { editedJob, HOUR, MINUTE, SECOND, START } from "../../factories.ts";
import {
  addJob,
  addRun,
  addRuns,
  changeJob,
  claim,
  countKind,
  end,
  ending,
  FAILURE,
  pickRunIds,
  only,
  publishable,
  race,
  readRun,
  retryIn,
  settle,
  start,
  unannounced,
  wake,
} from "../store-steps.ts";
import { defineContract } from "../store-subject.ts";

const LATER = START + SECOND;

const jobUnder = (store: Store, overlap: OverlapPolicy): Promise<Job> => addJob(store, { definition: { overlap } });

/** A run whose instant came at `at`, claimed one second later. */
async function claimLate(store: Store, job: Job, at: Instant, name = "late"): Promise<{ run: DueRun; outcome: ClaimOutcome }> {
  const run = await addRun(store, job, { now: at, name });
  return { run, outcome: only(await claim(store, [run], { token: name, now: at + SECOND })) };
}

const WAITING = { kind: "waiting", cancelRequested: null, superseded: [] };

/** Jobs of which one run is in progress at a time. Only the claim decides, and a run holds the job's lock only while it is running. */
export const overlapContract = defineContract("RunClaims.claim of exclusive jobs", {
  "skip: a run whose instant came while another was in progress is closed": async ({ store }) => {
    const job = await addJob(store);
    const held = await start(store, await addRun(store, job));
    const { run, outcome } = await claimLate(store, job, LATER);
    const closed = { runId: run.runId, state: "skipped", reason: "overlap", attempt: 1, startedAt: null, finishedAt: LATER + SECOND };
    expect(outcome).toMatchObject({ kind: "skipped", run: closed });
    expect(await readRun(store, run)).toMatchObject(closed);
    expect(await unannounced(store)).toEqual(outcome.kind === "skipped" ? [outcome.run] : []);
    expect(await publishable(store)).toEqual([]);
    expect((await end(store, held)).state).toBe("succeeded");
    expect(only(await claim(store, [run], { token: "later" })).kind).toBe("lost");
  },

  "runs that are all late are a backlog: they run one after the other, in the order of their instants": async ({ store }) => {
    const job = await addJob(store);
    const runs: DueRun[] = [];
    for (let hour = 1; hour <= 5; hour += 1) runs.push(await addRun(store, job, { now: START + hour * HOUR, name: `hour-${hour}` }));
    const now = START + 6 * HOUR;
    const outcomes = await claim(store, runs.toReversed(), { now, token: "all" });
    expect(outcomes.map(({ kind }) => kind)).toEqual(["waiting", "waiting", "waiting", "waiting", "won"]);
    for (const run of runs.slice(1)) expect(await readRun(store, run)).toMatchObject({ state: "due", reason: "overlap" });
    expect(await publishable(store)).toEqual([]);
    let held = { run: runs[0]!, token: "all", leaseMs: null, startedAt: now } as const as Parameters<typeof settle>[1];
    for (const [index, next] of runs.slice(1).entries()) {
      expect(await settle(store, held, { result: { kind: "succeeded", output: null }, now })).toMatchObject({
        kind: "ended",
        ready: "default",
      });
      expect(pickRunIds(await publishable(store))).toEqual([next.runId]);
      held = await start(store, next, { token: `next-${index}`, now });
    }
    expect(await settle(store, held, { result: { kind: "succeeded", output: null }, now })).not.toHaveProperty("ready");
    for (const run of runs) expect(await readRun(store, run)).toMatchObject({ state: "succeeded" });
  },

  "a run does not start before an older unclaimed one": async ({ store }) => {
    const job = await addJob(store);
    const older = await addRun(store, job, { now: START, name: "older" });
    const newer = await addRun(store, job, { now: LATER, name: "newer" });
    expect(only(await claim(store, [newer], { token: "newer", now: LATER }))).toEqual(WAITING);
    expect(pickRunIds(await publishable(store))).toEqual([older.runId]);
    await end(store, await start(store, older, { token: "older", now: LATER }));
    expect(pickRunIds(await publishable(store))).toEqual([newer.runId]);
    expect(only(await claim(store, [newer], { token: "again", now: LATER })).kind).toBe("won");
  },

  "within one batch the first run of a job wins, and other jobs are not held up": async ({ store }) => {
    const job = await addJob(store, { id: "exclusive" });
    const runs = await addRuns(store, job, { count: 3 });
    const [first, second, third] = runs.toSorted((left, right) => (left.runId < right.runId ? -1 : 1)) as [DueRun, DueRun, DueRun];
    const other = await addRun(store, await addJob(store, { id: "other" }));
    const outcomes = await claim(store, [third, second, other, first]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(["waiting", "waiting", "won", "won"]);
  },

  "buffer_one: one run waits for the one in progress, another is closed": async ({ store }) => {
    const job = await jobUnder(store, "buffer_one");
    const held = await start(store, await addRun(store, job));
    const first = await claimLate(store, job, LATER, "first");
    const second = await claimLate(store, job, LATER + SECOND, "second");
    expect(first.outcome).toEqual(WAITING);
    expect(second.outcome).toMatchObject({ kind: "skipped", run: { reason: "overlap" } });
    expect(await settle(store, held, { result: FAILURE })).toMatchObject({ kind: "ended", ready: "default" });
    expect(pickRunIds(await publishable(store))).toEqual([first.run.runId]);
  },

  "buffer_all: so many wait, and one more is closed as skipped: buffer_full": async ({ store }) => {
    const job = await jobUnder(store, "buffer_all");
    await start(store, await addRun(store, job));
    const fires = OVERLAP_BUFFER_MAX / 25;
    for (let index = 0; index < fires; index += 1) {
      const runs = await addRuns(store, job, { count: 25, now: LATER + index, name: `fire-${index}` });
      const outcomes = await claim(store, runs, { token: `token-${index}`, now: LATER + SECOND });
      expect(countKind(outcomes, "waiting")).toBe(25);
    }
    const { run, outcome } = await claimLate(store, job, LATER + SECOND, "one-more");
    expect(outcome).toMatchObject({ kind: "skipped", run: { runId: run.runId, reason: "buffer_full" } });
    expect(await publishable(store)).toEqual([]);
  },

  "cancel_running: the run in progress is asked to end, and the newest that came meanwhile runs after it": async ({ store }) => {
    const job = await jobUnder(store, "cancel_running");
    const holder = await addRun(store, job);
    const held = await start(store, holder);
    const first = await claimLate(store, job, LATER, "first");
    expect(first.outcome).toEqual({ kind: "waiting", cancelRequested: holder.runId, superseded: [] });
    expect(await readRun(store, holder)).toMatchObject({ state: "running", cancelRequested: true });
    const second = await claimLate(store, job, LATER + SECOND, "second");
    expect(second.outcome).toMatchObject({ kind: "waiting", cancelRequested: holder.runId, superseded: [{ runId: first.run.runId }] });
    expect(await readRun(store, first.run)).toMatchObject({ state: "skipped", reason: "overlap" });
    expect(pickRunIds(await unannounced(store))).toEqual([first.run.runId]);
    expect((await end(store, held, { result: { kind: "cancelled" } })).state).toBe("cancelled");
    expect(pickRunIds(await publishable(store))).toEqual([second.run.runId]);
  },

  "cancel_running: what waits since before the edit keeps the start that its own policy promised": async ({ store }) => {
    const job = await jobUnder(store, "buffer_all");
    const holder = await addRun(store, job);
    const held = await start(store, holder);
    const before = await claimLate(store, job, LATER, "before");
    expect(before.outcome).toEqual(WAITING);
    const edited = await changeJob(store, job, editedJob(job, { overlap: "cancel_running" }));
    const after = await claimLate(store, edited, LATER + SECOND, "after");
    expect(after.outcome).toEqual({ kind: "waiting", cancelRequested: holder.runId, superseded: [] });
    await end(store, held, { result: { kind: "cancelled" } });
    expect(pickRunIds(await publishable(store))).toEqual([before.run.runId]);
  },

  "cancel_running: a backlog cancels nothing": async ({ store }) => {
    const job = await jobUnder(store, "cancel_running");
    const runs = [await addRun(store, job, { now: START, name: "a" }), await addRun(store, job, { now: LATER, name: "b" })];
    const outcomes = await claim(store, runs, { now: START + MINUTE });
    expect(outcomes).toMatchObject([{ kind: "won" }, WAITING]);
    expect(await readRun(store, runs[0]!)).toMatchObject({ cancelRequested: false });
  },

  "cancel_running: a run that has been started runs again, also where a clock was set back meanwhile": async ({ store }) => {
    const job = await jobUnder(store, "cancel_running");
    const started = await addRun(store, job, { now: LATER, name: "started" });
    await settle(store, await start(store, started, { now: LATER }), { result: retryIn(SECOND), now: LATER });
    const holder = await addRun(store, job, { now: START, name: "holder" });
    await start(store, holder, { token: "holder", now: START });
    await wake(store, LATER + MINUTE);
    expect(only(await claim(store, await publishable(store), { token: "again", now: LATER + MINUTE }))).toEqual(WAITING);
    const last = await claimLate(store, job, LATER + MINUTE, "last");
    expect(last.outcome).toEqual({ kind: "waiting", cancelRequested: holder.runId, superseded: [] });
    expect(await readRun(store, started)).toMatchObject({ state: "due", reason: "overlap", attempt: 2 });
  },

  "each way in which the run in progress stops gives the lock back and wakes the next": async ({ store, endLeases }) => {
    const job = await addJob(store);
    const results = [{ kind: "succeeded", output: null }, FAILURE, { kind: "cancelled" }, retryIn(HOUR)] as const;
    for (const [index, result] of results.entries()) {
      const at = START + index * MINUTE;
      const held = await start(store, await addRun(store, job, { now: at, name: `holder-${index}` }), {
        token: `token-${index}`,
        now: at + SECOND,
      });
      const next = await addRun(store, job, { now: at, name: `next-${index}` });
      // Two of one instant: whichever has the smaller id goes first, so let the other wait by its policy's backlog rule.
      const waiting = only(await claim(store, [next], { token: `wait-${index}`, now: at + SECOND }));
      expect(waiting).toEqual(WAITING);
      expect(await settle(store, held, { result, now: at + SECOND })).toMatchObject({ ready: "default" });
      expect(pickRunIds(await publishable(store))).toEqual([next.runId]);
      await end(store, await start(store, next, { token: `done-${index}`, now: at + SECOND }), { now: at + SECOND });
    }
    const at = START + HOUR / 2;
    await start(store, await addRun(store, job, { now: at, name: "gone" }), { token: "gone", now: at });
    const next = await addRun(store, job, { now: at, name: "after-gone" });
    expect(only(await claim(store, [next], { token: "early", now: at }))).toEqual(WAITING);
    const over = await endLeases({ now: at, leaseMs: 15 * SECOND });
    const lease = only(await ending(over.store, over.now));
    await over.store.leases.rescue({ rescues: [{ runId: lease.runId, expiresAt: lease.expiresAt, to: "lost" }], now: over.now });
    expect(pickRunIds(await publishable(over.store))).toEqual([next.runId]);
  },

  "a lost claim takes no lock": async ({ store }) => {
    const job = await addJob(store);
    const [first, second] = (await addRuns(store, job, { count: 2 })) as [DueRun, DueRun];
    expect(only(await claim(store, [{ ...first, attempt: 2 }])).kind).toBe("lost");
    await store.control.cancel(job.tenantId, { runId: first.runId, now: START });
    expect(only(await claim(store, [second])).kind).toBe("won");
  },

  "of many who claim runs of one job at once exactly one wins, and all run one after the other": async ({ store }) => {
    const job = await addJob(store);
    const runs = await addRuns(store, job, { count: 20 });
    const outcomes = (await race((racer) => claim(store, [runs[racer]!], { token: `token-${racer}` }))).flat();
    expect(countKind(outcomes, "won")).toBeLessThanOrEqual(1);
    expect(countKind(outcomes, "won") + countKind(outcomes, "waiting")).toBe(20);
    let ended = 0;
    for (const [racer, outcome] of outcomes.entries()) {
      if (outcome.kind !== "won") continue;
      await end(store, outcome.claim);
      expect(outcome.claim.token).toBe(`token-${racer}`);
      ended += 1;
    }
    for (let round = 0; ended < 20 && round < 100; round += 1) {
      if ((await publishable(store)).length === 0) await wake(store, START + HOUR);
      const ready = await publishable(store);
      for (const [index, next] of (await claim(store, ready, { token: `round-${round}`, now: START + HOUR })).entries()) {
        if (next.kind !== "won") continue;
        expect(ready[index]?.runId).toBe(next.claim.run.runId);
        await end(store, next.claim, { now: START + HOUR });
        ended += 1;
      }
    }
    expect(ended).toBe(20);
  },

  "allowed overlap never blocks": async ({ store }) => {
    const job = await jobUnder(store, "allow");
    const outcomes = await claim(store, await addRuns(store, job, { count: 5 }));
    expect(countKind(outcomes, "won")).toBe(5);
  },

  "a run that allows overlap starts beside an exclusive one": async ({ store }) => {
    const job = await addJob(store);
    const held = await start(store, await addRun(store, job));
    const edited = await changeJob(store, job, editedJob(job, { overlap: "allow" }));
    const beside = await start(store, await addRun(store, edited, { name: "beside" }), { token: "beside" });
    expect((await end(store, beside)).state).toBe("succeeded");
    // Its end released no lock: the exclusive run still holds it.
    const again = await changeJob(store, edited, editedJob(edited, { overlap: "skip" }));
    expect((await claimLate(store, again, LATER)).outcome.kind).toBe("skipped");
    expect((await end(store, held)).state).toBe("succeeded");
  },

  "what counts is the policy a run was fired under": async ({ store }) => {
    const job = await jobUnder(store, "allow");
    const [first, second] = (await addRuns(store, job, { count: 2 })) as [DueRun, DueRun];
    const edited = await changeJob(store, job, editedJob(job, { overlap: "skip" }));
    await start(store, first);
    await start(store, second);
    const third = await addRun(store, edited, { name: "exclusive", now: START + MINUTE });
    expect(only(await claim(store, [third], { token: "third", now: START + MINUTE })).kind).toBe("won");
    expect((await claimLate(store, edited, START + HOUR, "fourth")).outcome.kind).toBe("skipped");
  },
});
