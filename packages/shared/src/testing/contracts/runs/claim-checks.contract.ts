import { expect } from "@jest/globals";
import type { DueRun } from "../../../domain/run/due-run.ts";
import { editedJob, HOUR, MINUTE, SECOND, START } from "../../factories.ts";
import {
  addJob,
  addJobWithRun,
  addRun,
  changeJob,
  claim,
  only,
  publishable,
  readRun,
  retryIn,
  settle,
  start,
  wake,
} from "../store-steps.ts";
import { defineContract } from "../store-subject.ts";

/** Messages about a run, each forged in one field. */
const FORGED: Readonly<Record<string, Partial<DueRun>>> = {
  handler: { handler: "command" },
  params: { params: { url: "http://evil.example/" } },
  "more params": { params: { url: "http://127.0.0.1/ping", method: "DELETE" } },
  timeoutMs: { timeoutMs: HOUR },
  onUncertain: { onUncertain: "skip" },
  workersMax: { workersMax: 7 },
  queue: { queue: "high" },
  tenantId: { tenantId: "other" },
  jobUid: { jobUid: "uid-of-another" },
  jobId: { jobId: "another" },
  jobVersion: { jobVersion: 2 },
  slot: { slot: 1_023 },
  cause: { cause: "schedule" },
  scheduledFor: { scheduledFor: START + HOUR },
  failures: { failures: 1 },
  rescues: { rescues: 2 },
};

/** Executors run what the store holds: a message names a run and an attempt, and its other content is not executed. */
export const claimChecksContract = defineContract("RunClaims.claim of forged messages", {
  "a message that says something else of a run wins nothing, and the run is as it was": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    const before = await readRun(store, run);
    const forged = [...Object.values(FORGED), { retry: { ...run.retry, maxAttempts: 100 } }].map((changes) => ({ ...run, ...changes }));
    for (const [index, message] of forged.entries()) {
      const outcome = only(await claim(store, [message], { token: `token-${index}` }));
      expect(outcome).toEqual({ kind: "refused", reason: expect.any(String) });
    }
    expect(await readRun(store, run)).toEqual(before);
    expect(await publishable(store)).toEqual([run]);
    expect(only(await claim(store, [run])).kind).toBe("won");
  },

  "a reason names the field": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    const tryClaim = async (message: DueRun) => only(await claim(store, [message]));
    expect(await tryClaim({ ...run, jobVersion: 7 })).toEqual({
      kind: "refused",
      reason: "its jobVersion is not that of the run in the store",
    });
    expect(await tryClaim({ ...run, params: {} })).toMatchObject({ reason: expect.stringContaining("params") });
  },

  "beside a forged message the others of a batch are won": async ({ store }) => {
    const runs = await Promise.all(["a", "b", "c"].map(async (id) => addRun(store, await addJob(store, { id }))));
    const outcomes = await claim(store, [runs[0]!, { ...runs[1]!, params: { forged: true } }, runs[2]!]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(["won", "refused", "won"]);
  },

  "a message with the params of another version of the job wins nothing": async ({ store }) => {
    const { job, run } = await addJobWithRun(store);
    const edited = await changeJob(store, job, editedJob(job, { params: { url: "http://127.0.0.1/new" } }));
    const young = await addRun(store, edited, { name: "young", now: START + SECOND });
    expect(only(await claim(store, [{ ...young, params: run.params }])).kind).toBe("refused");
    expect(only(await claim(store, [{ ...run, params: young.params }])).kind).toBe("refused");
  },

  "the order of the members of params does not matter": async ({ store }) => {
    const job = await addJob(store, { definition: { params: { a: 1, b: { c: [1, 2], d: null } } } });
    const run = await addRun(store, job);
    expect(only(await claim(store, [{ ...run, params: { b: { d: null, c: [1, 2] }, a: 1 } }])).kind).toBe("won");
  },

  "a message that hides that its run belongs in quarantine, or that earlier attempts failed, wins nothing": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    await settle(store, await start(store, run), { result: retryIn(SECOND) });
    await wake(store, START + MINUTE);
    const again = only(await publishable(store));
    for (const forged of [{ failures: 0 }, { failures: 2 }, { rescues: 1 }])
      expect(only(await claim(store, [{ ...again, ...forged }])).kind).toBe("refused");
    expect(only(await claim(store, [again])).kind).toBe("won");
  },

  "when a run first started is what the store says": async ({ store }) => {
    const { run } = await addJobWithRun(store);
    await settle(store, await start(store, run), { result: retryIn(SECOND) });
    await wake(store, START + MINUTE);
    const again = only(await publishable(store));
    const held = await start(store, { ...again, firstStartedAt: START + HOUR }, { token: "again" });
    expect(held.run).toMatchObject({ failures: 1, rescues: 0, firstStartedAt: START });
  },
});
