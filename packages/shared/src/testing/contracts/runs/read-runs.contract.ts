import { SECOND, START } from "../../factories.ts";
import { expect } from "@jest/globals";
import {
  addJob,
  addRuns,
  changeJob,
  claim,
  end,
  pickRunIds,
  only,
  publishable,
  readJob,
  retryIn,
  settle,
  start,
  wake,
} from "../store-steps.ts";
import { defineContract } from "../store-subject.ts";

const sorted = (runs: readonly { readonly runId: string }[]): string[] => pickRunIds(runs).sort();

/** Reads of a run by its id alone: for reports of foreign executors. */
export const readRunsContract = defineContract("RunClaims.read", {
  "a run reads as it is published": async ({ store }) => {
    const job = await addJob(store, { definition: { params: { who: "you" }, timeoutMs: 1_234, queue: "python" } });
    const [run] = await addRuns(store, job);
    expect(await store.claims.read(pickRunIds([run!]))).toEqual(await publishable(store, "python"));
    expect(only(await store.claims.read(pickRunIds([run!])))).toMatchObject({
      tenantId: job.tenantId,
      queue: "python",
      timeoutMs: 1_234,
      attempt: 1,
    });
  },

  "due, running and retrying runs are read, each once, and those unknown or ended are not": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const runs = await addRuns(store, job, { count: 4 });
    await start(store, runs[1]!, { token: "running" });
    await settle(store, await start(store, runs[2]!, { token: "retrying" }), { result: retryIn(SECOND) });
    await end(store, await start(store, runs[3]!, { token: "ended" }));
    const asked = [...pickRunIds(runs), ...pickRunIds(runs), "0".repeat(26)];
    expect(sorted(await store.claims.read(asked))).toEqual(sorted(runs.slice(0, 3)));
    expect(await store.claims.read([])).toEqual([]);
  },

  "the next attempt of a run shows what came before it": async ({ store }) => {
    const job = await addJob(store);
    const [run] = await addRuns(store, job);
    await settle(store, await start(store, run!, { now: START + 5 }), { result: retryIn(SECOND) });
    await wake(store, START + SECOND);
    const again = only(await store.claims.read(pickRunIds([run!])));
    expect(again).toMatchObject({ attempt: 2, failures: 1, firstStartedAt: START + 5 });
    expect(await claim(store, [again], { token: "second" })).toMatchObject([{ kind: "won" }]);
  },

  "a run keeps the definition it was made by, also after an edit": async ({ store }) => {
    const job = await addJob(store, { definition: { timeoutMs: 1_000 } });
    const [run] = await addRuns(store, job);
    await changeJob(store, await readJob(store, job), { definition: { ...job.definition, timeoutMs: 2_000 } });
    expect(only(await store.claims.read(pickRunIds([run!])))).toMatchObject({ timeoutMs: 1_000, jobVersion: 1 });
  },
});
