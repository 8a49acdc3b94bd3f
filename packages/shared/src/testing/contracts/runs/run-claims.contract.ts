import { expect } from "@jest/globals";
import type { DueRun } from "../../../domain/run/due-run.ts";
import { DAY, MINUTE, SECOND, START } from "../../factories.ts";
import { newDueRun, newFire } from "../../factories-fire.ts";
import {
  addJob,
  addJobWithRun,
  addRun,
  addRuns,
  claim,
  countKind,
  end,
  ending,
  fire,
  pickRunIds,
  LEASE_MS,
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

const heartbeat = { leaseMs: LEASE_MS, now: START + SECOND };

/** The right to run attempts: claiming and renewing. Settling, and exclusive jobs, have contracts of their own. */
export const runClaimsContract = defineContract("RunClaims.claim", {
  "a due run that is claimed runs, under that token": async ({ store, subject }) => {
    const { run } = await addJobWithRun(store);
    const [outcome] = await claim(store, [run], { now: START + 5, executor: "executor-7" });
    expect(outcome).toMatchObject({
      kind: "won",
      claim: {
        run: { runId: run.runId, attempt: 1 },
        token: "token-1",
        leaseMs: subject.leases === "clock" ? LEASE_MS : null,
        startedAt: START + 5,
      },
    });
    expect(await readRun(store, run)).toMatchObject({
      state: "running",
      attempt: 1,
      firstStartedAt: START + 5,
      startedAt: START + 5,
      finishedAt: null,
      wakeAt: null,
      attempts: [{ attempt: 1, state: "running", startedAt: START + 5, finishedAt: null, executor: "executor-7", error: null }],
    });
    expect(await publishable(store)).toEqual([]);
  },

  "outcomes stand in the order of the runs": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const runs = await addRuns(store, job, { count: 4 });
    await start(store, runs[1]!, { token: "other" });
    const mixed = [...runs, { ...runs[0]!, runId: "0".repeat(26) }].reverse();
    const outcomes = await claim(store, mixed);
    expect(outcomes.map(({ kind }) => kind)).toEqual(["lost", "won", "won", "lost", "won"]);
    expect(outcomes.map((outcome) => (outcome.kind === "won" ? outcome.claim.run.runId : null))).toEqual(
      mixed.map(({ runId }, index) => ([1, 2, 4].includes(index) ? runId : null)),
    );
  },

  "a claim never creates a run": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    const unknown = { ...run, runId: "0".repeat(26) };
    expect(await claim(store, [unknown])).toEqual([{ kind: "lost" }]);
    expect(await store.runs.get(run.tenantId, unknown.runId)).toBeNull();
    expect((await store.runs.list(run.tenantId, { limit: 10, cursor: null })).items).toHaveLength(1);
    expect(await claim(store, [])).toEqual([]);
  },

  "running, retrying and ended runs are not claimed": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const [running, retrying, succeeded, cancelled] = (await addRuns(store, job, { count: 4 })) as [DueRun, DueRun, DueRun, DueRun];
    await start(store, running);
    await settle(store, await start(store, retrying), { result: retryIn(MINUTE) });
    await end(store, await start(store, succeeded));
    await store.control.cancel(job.tenantId, { runId: cancelled.runId, now: START });
    const runs = [running, retrying, { ...retrying, attempt: 2 }, succeeded, cancelled];
    const before = await Promise.all(runs.map((run) => readRun(store, run)));
    expect(await claim(store, runs, { token: "late" })).toEqual(runs.map(() => ({ kind: "lost" })));
    expect(await Promise.all(runs.map((run) => readRun(store, run)))).toEqual(before);
  },

  "a claim is for one attempt: neither an earlier nor a later one": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    await settle(store, await start(store, run), { result: { kind: "released" } });
    expect(await claim(store, [run], { token: "late" })).toEqual([{ kind: "lost" }]);
    expect(await claim(store, [{ ...run, attempt: 3 }], { token: "early" })).toEqual([{ kind: "lost" }]);
    expect(only(await claim(store, [{ ...run, attempt: 2 }], { token: "right" })).kind).toBe("won");
  },

  "a run never started and fired too long ago is not won": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const old = await addRun(store, job, { now: START, name: "old" });
    const young = await addRun(store, job, { now: START + SECOND, name: "young" });
    const outcomes = await claim(store, [old, young], { firedAfter: START + SECOND });
    expect(outcomes.map(({ kind }) => kind)).toEqual(["lost", "won"]);
    expect(await readRun(store, old)).toMatchObject({ state: "due", reason: null });
  },

  "it counts when a run was fired, not what it was scheduled for": async ({ store }) => {
    const job = await addJob(store, { nextRunAt: START - DAY });
    await fire(store, newFire(job), START);
    expect(only(await claim(store, [newDueRun(job)], { firedAfter: START })).kind).toBe("won");
  },

  "a run that was started once may be claimed however long ago it was fired": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    await settle(store, await start(store, run), { result: retryIn(SECOND) });
    await wake(store, START + SECOND);
    const again = only(await publishable(store));
    expect(only(await claim(store, [again], { token: "second", firedAfter: START + MINUTE })).kind).toBe("won");
  },

  "repeating a claim whose answer was lost answers that it is won": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    const held = await start(store, run);
    const again = await start(store, run, { now: START + SECOND });
    expect(again).toMatchObject({ token: held.token, startedAt: START });
    expect((await readRun(store, run)).attempts).toHaveLength(1);
    await end(store, held);
    expect(await claim(store, [run])).toEqual([{ kind: "lost" }]);
  },

  "a run that stands twice in a batch is won once": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    expect(countKind(await claim(store, [run, run]), "won")).toBe(1);
  },

  "of many who claim a run at once exactly one wins": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const runs = await addRuns(store, job, { count: 10 });
    const answers = await race((racer) => claim(store, racer % 2 === 0 ? runs : [...runs].reverse(), { token: `token-${racer}` }));
    const won = answers.flat().flatMap((outcome) => (outcome.kind === "won" ? [outcome.claim] : []));
    expect(pickRunIds(won.map(({ run }) => run)).sort()).toEqual(pickRunIds(runs).sort());
    for (const held of won) expect((await end(store, held)).state).toBe("succeeded");
  },

  "a cancel that races with a claim either comes first or flags the attempt": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    for (const run of await addRuns(store, job, { count: 5 })) {
      const [outcome, claims] = await Promise.all([
        store.control.cancel(job.tenantId, { runId: run.runId, now: START }),
        claim(store, [run], { token: run.runId }),
      ]);
      expect(`${outcome.kind} ${only(claims).kind}`).toMatch(/^(cancelled lost|requested won)$/);
    }
  },

  "a heartbeat renews the leases that stand, and leaves out the others": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const [held, ended, other] = (await addRuns(store, job, { count: 3 })) as [DueRun, DueRun, DueRun];
    await start(store, held);
    await end(store, await start(store, ended));
    await start(store, other, { token: "other" });
    const leases = [held, ended, other, { runId: "0".repeat(26) }].map(({ runId }) => ({ runId, token: "token-1" }));
    expect(await store.claims.heartbeat({ leases, ...heartbeat })).toEqual({ renewed: [held.runId], cancelRequested: [] });
    expect(await store.claims.heartbeat({ leases: [], ...heartbeat })).toEqual({ renewed: [], cancelRequested: [] });
  },

  "a heartbeat tells who is to be cancelled, and renews all the same": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    const { token } = await start(store, run);
    await store.control.cancel(run.tenantId, { runId: run.runId, now: START });
    const result = await store.claims.heartbeat({ leases: [{ runId: run.runId, token }], ...heartbeat });
    expect(result).toEqual({ renewed: [run.runId], cancelRequested: [run.runId] });
    const stale = await store.claims.heartbeat({ leases: [{ runId: run.runId, token: "other" }], ...heartbeat });
    expect(stale).toEqual({ renewed: [], cancelRequested: [] });
  },

  "a renewed lease ends later": async ({ store, subject }) => {
    const { run } = await addJobWithRun(store);
    const { token } = await start(store, run);
    await store.claims.heartbeat({ leases: [{ runId: run.runId, token }], leaseMs: LEASE_MS, now: START + 10 * SECOND });
    expect(await ending(store, START + LEASE_MS)).toEqual([]);
    const late = await ending(store, START + 10 * SECOND + LEASE_MS);
    expect(pickRunIds(late)).toEqual(subject.leases === "clock" ? [run.runId] : []);
  },

  "claimed and due runs are not announced": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    expect(await unannounced(store)).toEqual([]);
    await start(store, run);
    expect(await unannounced(store)).toEqual([]);
  },
});
