import { expect } from "@jest/globals";
import type { DueRun } from "../../../domain/run/due-run.ts";
import type { Page } from "../../../ports/page.ts";
import type { Run } from "../../../domain/run/run.ts";
import type { RunQuery } from "../../../ports/runs/run-queries.ts";
import type { Store } from "../../../ports/store/store.ts";
import { DAY, MINUTE, SECOND, START } from "../../factories.ts";
import { newEntry, runIdOfEntry, newFire } from "../../factories-fire.ts";
import { addJob, addJobWithRun, addRun, addRuns, deleteJob, end, fire, pickRunIds, start } from "../store-steps.ts";
import { defineContract } from "../store-subject.ts";

type Conditions = Omit<RunQuery, "limit" | "cursor">;

const PAGES_MAX = 100;

const where = async (store: Store, conditions: Conditions): Promise<string[]> =>
  pickRunIds((await store.runs.list("default", { ...conditions, limit: 100, cursor: null })).items);

const newestFirst = (runs: readonly DueRun[]): string[] => pickRunIds(runs).sort().reverse();

async function walk(store: Store, query: Conditions & { limit: number }, between = async () => {}): Promise<Run[][]> {
  const pages: Run[][] = [];
  for (let cursor: string | null = null; pages.length < PAGES_MAX;) {
    const page: Page<Run> = await store.runs.list("default", { ...query, cursor });
    pages.push([...page.items]);
    cursor = page.nextCursor;
    if (cursor === null) return pages;
    await between();
  }
  throw new Error("the pages do not end");
}

/** The history of runs. */
export const runQueriesContract = defineContract("RunQueries", {
  "an unknown run is null": async ({ store }) => {
    await addJobWithRun(store);
    expect(await store.runs.get("default", "0".repeat(26))).toBeNull();
    expect(await store.runs.origin("default", "0".repeat(26))).toBeNull();
  },

  "a run knows the job and the definition it was made of": async ({ store }) => {
    const { job, run } = await addJobWithRun(store);
    expect(await store.runs.origin("default", run.runId)).toEqual({ jobUid: job.uid, definitionHash: job.definitionHash });
  },

  "a list shows each run as it reads by itself": async ({ store }) => {
    const { job, run } = await addJobWithRun(store);
    const skipped = newEntry(job, { state: "skipped", reason: "paused", count: 7, scheduledForLast: START + MINUTE });
    await fire(store, newFire(job, [skipped]));
    await end(store, await start(store, run));
    const { items } = await store.runs.list("default", { limit: 10, cursor: null });
    expect(items).toHaveLength(2);
    for (const item of items) expect(item).toEqual(await store.runs.get("default", item.runId));
  },

  "without outputs a list shows null in their place, of one job as of all, and leaves nothing else out": async ({ store }) => {
    const { job, run } = await addJobWithRun(store);
    const ended = await end(store, await start(store, run));
    expect(ended.output).not.toBeNull();
    const whole = await store.runs.get("default", run.runId);
    for (const filters of [
      {},
      { jobId: job.id },
      { jobId: job.id, jobUid: job.uid },
      { state: "succeeded" },
      { cause: "manual" },
    ] as const) {
      const { items } = await store.runs.list("default", { ...filters, limit: 10, cursor: null, outputs: false });
      expect(items).toEqual([{ ...whole, output: null }]);
    }
  },

  "by run id, descending: newest first": async ({ store }) => {
    const job = await addJob(store);
    const runs: DueRun[] = [];
    for (const now of [START, START + SECOND, START - SECOND, START + DAY]) runs.push(...(await addRuns(store, job, { now, count: 3 })));
    expect(await where(store, {})).toEqual(newestFirst(runs));
  },

  "each filter holds by itself, and together": async ({ store }) => {
    const one = await addJobWithRun(store, { id: "one" });
    const two = await addJobWithRun(store, { id: "two" });
    await end(store, await start(store, one.run));
    await fire(store, newFire(two.job));
    const scheduled = runIdOfEntry(two.job, newEntry(two.job));
    expect(await where(store, { jobId: "one" })).toEqual([one.run.runId]);
    expect(await where(store, { jobUid: two.job.uid })).toEqual([two.run.runId, scheduled].sort().reverse());
    expect(await where(store, { state: "succeeded" })).toEqual([one.run.runId]);
    expect(await where(store, { state: "running" })).toEqual([]);
    expect(await where(store, { cause: "schedule" })).toEqual([scheduled]);
    expect(await where(store, { cause: "manual", jobId: "two" })).toEqual([two.run.runId]);
    expect(await where(store, { cause: "manual", jobId: "two", state: "succeeded" })).toEqual([]);
    expect(await where(store, { jobId: "unknown" })).toEqual([]);
  },

  "from is inclusive, to is exclusive": async ({ store }) => {
    const job = await addJob(store);
    const runs: DueRun[] = [];
    for (let index = 0; index < 4; index += 1) runs.push(await addRun(store, job, { now: START + index }));
    expect(await where(store, { from: START + 1 })).toEqual(newestFirst(runs.slice(1)));
    expect(await where(store, { to: START + 2 })).toEqual(newestFirst(runs.slice(0, 2)));
    expect(await where(store, { from: START + 1, to: START + 3 })).toEqual(newestFirst(runs.slice(1, 3)));
    expect(await where(store, { from: START + 1, to: START + 1 })).toEqual([]);
    expect(await where(store, { from: START + 2, jobId: job.id })).toEqual(newestFirst(runs.slice(2)));
  },

  "runs stay under a job's id when the job is deleted, beside those of the next job of that id": async ({ store }) => {
    const { job, run } = await addJobWithRun(store);
    await deleteJob(store, job);
    expect(await where(store, { jobId: job.id })).toEqual([run.runId]);
    const second = await addJobWithRun(store, { uid: "uid-second" });
    expect(await where(store, { jobId: job.id })).toEqual(newestFirst([run, second.run]));
    expect(await where(store, { jobUid: "uid-second" })).toEqual([second.run.runId]);
  },

  "pages hold every run once, whatever their size and filter": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const other = await addJob(store, { id: "other" });
    const runs: DueRun[] = [];
    for (let index = 0; index < 6; index += 1) {
      runs.push(...(await addRuns(store, job, { count: 2, now: START + index })));
      await addRun(store, other, { now: START + index });
    }
    for (const conditions of [{ jobId: job.id }, { jobUid: job.uid }, { jobId: job.id, state: "due" as const }]) {
      for (const limit of [1, 5, 12, 13]) {
        const pages = await walk(store, { ...conditions, limit });
        expect(pickRunIds(pages.flat())).toEqual(newestFirst(runs));
        expect(pages).toHaveLength(Math.ceil(12 / limit));
        for (const page of pages) expect(page.length).toBeLessThanOrEqual(limit);
      }
    }
    expect((await walk(store, { limit: 4 })).flat()).toHaveLength(18);
  },

  "runs made meanwhile move no other run to another page": async ({ store }) => {
    const job = await addJob(store);
    const runs = await addRuns(store, job, { count: 10 });
    let round = 0;
    const pages = await walk(store, { limit: 3 }, async () => {
      round += 1;
      await addRun(store, job, { now: START + round * MINUTE });
    });
    expect(pickRunIds(pages.flat())).toEqual(newestFirst(runs));
  },
});
