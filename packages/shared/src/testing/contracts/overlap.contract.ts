import { expect } from "@jest/globals";
import type { DueRun } from "../../domain/due-run.ts";
import { editedJob, HOUR, MINUTE, SECOND, START } from "../factories.ts";
import {
  addJob,
  addRun,
  addRuns,
  changeJob,
  claim,
  countKind,
  end,
  FAILURE,
  idsOf,
  only,
  publishable,
  race,
  readRun,
  retryIn,
  settle,
  start,
  unannounced,
  wake,
} from "./store-steps.ts";
import { contractOf } from "./store-subject.ts";

/** Jobs of which one run may be open at a time: only the claim decides, and the lock lives as long as the holder's run. */
export const overlapContract = contractOf("RunClaims.claim of exclusive jobs", {
  "a run claimed beside an open one is closed as skipped: overlap": async ({ store }) => {
    const job = await addJob(store);
    const [holder, loser] = (await addRuns(store, job, { count: 2 })) as [DueRun, DueRun];
    const held = await start(store, holder);
    const outcome = only(await claim(store, [loser], { token: "late", now: START + SECOND }));
    const closed = { runId: loser.runId, state: "skipped", reason: "overlap", attempt: 1, startedAt: null, finishedAt: START + SECOND };
    expect(outcome).toMatchObject({ kind: "skipped", run: closed });
    expect(await readRun(store, loser)).toMatchObject(closed);
    expect(await unannounced(store)).toEqual(outcome.kind === "skipped" ? [outcome.run] : []);
    expect(await publishable(store)).toEqual([]);
    expect((await end(store, held)).state).toBe("succeeded");
    expect(only(await claim(store, [loser], { token: "later" })).kind).not.toBe("won");
  },

  "within one batch the first run of a job wins, and other jobs are not held up": async ({ store }) => {
    const job = await addJob(store, { id: "exclusive" });
    const runs = await addRuns(store, job, { count: 3 });
    const other = await addRun(store, await addJob(store, { id: "other" }));
    const outcomes = await claim(store, [runs[0]!, runs[1]!, other, runs[2]!]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(["won", "skipped", "won", "skipped"]);
  },

  "each end of the holder's run gives the lock back": async ({ store }) => {
    const job = await addJob(store);
    const ends = [{ kind: "succeeded", output: null }, FAILURE, { kind: "cancelled" }] as const;
    for (const [index, result] of ends.entries()) {
      const held = await start(store, await addRun(store, job, { name: `run-${index}` }), { token: `token-${index}` });
      await end(store, held, { result });
    }
    const retrying = await addRun(store, job, { name: "retrying" });
    await settle(store, await start(store, retrying), { result: retryIn(HOUR) });
    await store.control.cancel(job.tenantId, { runId: retrying.runId, now: START });
    expect(only(await claim(store, [await addRun(store, job, { name: "last" })])).kind).toBe("won");
  },

  "the lock outlives an attempt: while the run retries, and when it is due again": async ({ store }) => {
    const job = await addJob(store);
    const holder = await addRun(store, job);
    await settle(store, await start(store, holder), { result: retryIn(SECOND) });
    const whileRetrying = await addRun(store, job, { name: "while-retrying" });
    expect(only(await claim(store, [whileRetrying])).kind).toBe("skipped");
    await wake(store, START + SECOND);
    const whileDue = await addRun(store, job, { name: "while-due" });
    expect(only(await claim(store, [whileDue])).kind).toBe("skipped");
    const again = { ...holder, attempt: 2 };
    const held = await start(store, again, { token: "second" });
    await settle(store, held, { result: { kind: "released" } });
    const whileReleased = await addRun(store, job, { name: "while-released" });
    expect(only(await claim(store, [whileReleased])).kind).toBe("skipped");
    await end(store, await start(store, { ...holder, attempt: 3 }, { token: "third" }));
    expect(only(await claim(store, [await addRun(store, job, { name: "after" })])).kind).toBe("won");
  },

  "a lost claim takes no lock": async ({ store }) => {
    const job = await addJob(store);
    const [first, second] = (await addRuns(store, job, { count: 2 })) as [DueRun, DueRun];
    expect(only(await claim(store, [{ ...first, attempt: 2 }])).kind).toBe("lost");
    expect(only(await claim(store, [second])).kind).toBe("won");
  },

  "of many who claim runs of one job at once exactly one wins, and the others are closed": async ({ store }) => {
    const job = await addJob(store);
    const runs = await addRuns(store, job, { count: 20 });
    const outcomes = (await race((racer) => claim(store, [runs[racer]!], { token: `token-${racer}` }))).flat();
    expect(countKind(outcomes, "won")).toBe(1);
    expect(countKind(outcomes, "skipped")).toBe(19);
    const listed = await store.runs.list(job.tenantId, { jobUid: job.uid, limit: 100, cursor: null });
    expect(listed.items.filter(({ state }) => state === "skipped")).toHaveLength(19);
    expect(idsOf(await unannounced(store))).toHaveLength(19);
  },

  "allowed overlap never blocks": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const outcomes = await claim(store, await addRuns(store, job, { count: 5 }));
    expect(countKind(outcomes, "won")).toBe(5);
  },

  "a run that allows overlap starts beside an exclusive one": async ({ store }) => {
    const job = await addJob(store);
    const held = await start(store, await addRun(store, job));
    const edited = await changeJob(store, job, editedJob(job, { overlap: "allow" }));
    const beside = await start(store, await addRun(store, edited, { name: "beside" }), { token: "beside" });
    expect((await end(store, beside)).state).toBe("succeeded");
    // Its end gave back no lock: the exclusive run has it still.
    const again = await changeJob(store, edited, editedJob(edited, { overlap: "skip" }));
    expect(only(await claim(store, [await addRun(store, again, { name: "late" })], { token: "late" })).kind).toBe("skipped");
    expect((await end(store, held)).state).toBe("succeeded");
  },

  "what counts is the policy a run was fired under": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const [first, second] = (await addRuns(store, job, { count: 2 })) as [DueRun, DueRun];
    const edited = await changeJob(store, job, editedJob(job, { overlap: "skip" }));
    await start(store, first);
    await start(store, second);
    const third = await addRun(store, edited, { name: "exclusive", now: START + MINUTE });
    const fourth = await addRun(store, edited, { name: "exclusive-too", now: START + MINUTE });
    expect(only(await claim(store, [third], { token: "third" })).kind).toBe("won");
    expect(only(await claim(store, [fourth], { token: "fourth" })).kind).toBe("skipped");
  },
});
