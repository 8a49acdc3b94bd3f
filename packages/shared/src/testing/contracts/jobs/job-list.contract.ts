import { expect } from "@jest/globals";
import type { Job } from "../../../domain/job/job.ts";
import type { JobQuery } from "../../../ports/jobs/job-catalog.ts";
import type { Store } from "../../../ports/store/store.ts";
import { SECOND, START } from "../../factories.ts";
import { addJob, changeJob, deleteJob } from "../store-steps.ts";
import { defineContract } from "../store-subject.ts";

type Conditions = Omit<JobQuery, "limit" | "cursor">;

const PAGES_MAX = 100;

const idsWhere = async (store: Store, conditions: Conditions): Promise<string[]> => {
  const { items } = await store.jobs.list("default", { ...conditions, limit: 100, cursor: null });
  return items.map(({ id }) => id);
};

/** Follows the cursors to the end. `between` runs after each page. */
async function walk(store: Store, query: Conditions & { limit: number }, between = async () => {}): Promise<Job[][]> {
  const pages: Job[][] = [];
  for (let cursor: string | null = null; pages.length < PAGES_MAX;) {
    const page: { items: readonly Job[]; nextCursor: string | null } = await store.jobs.list("default", { ...query, cursor });
    pages.push([...page.items]);
    cursor = page.nextCursor;
    if (cursor === null) return pages;
    await between();
  }
  throw new Error("the pages do not end");
}

/** Lists of jobs: filters, order and pages. */
export const jobListContract = defineContract("JobCatalog.list", {
  "newest first, and within one instant by uid, descending": async ({ store }) => {
    for (const [id, createdAt] of [
      ["b", START],
      ["d", START + 1],
      ["a", START],
      ["c", START],
    ] as const)
      await addJob(store, { id, createdAt });
    expect(await idsWhere(store, {})).toEqual(["d", "c", "b", "a"]);
  },

  "without params a list shows {} in their place, of long ones and short ones, and leaves nothing else out": async ({ store }) => {
    for (const [id, length] of [
      ["long", 20_000],
      ["short", 2],
    ] as const)
      await addJob(store, { id, definition: { params: { text: "x".repeat(length) } } });
    const query = { limit: 10, cursor: null };
    const brief = async () => (await store.jobs.list("default", { ...query, params: false })).items;
    const first = await brief();
    const { items: whole } = await store.jobs.list("default", query);
    expect(whole.map(({ definition }) => Object.keys(definition.params))).toEqual([["text"], ["text"]]);
    for (const items of [first, await brief()])
      expect(items).toEqual(whole.map((job) => ({ ...job, definition: { ...job.definition, params: {} } })));
    expect((await store.jobs.get("default", "long"))?.definition.params).toEqual({ text: "x".repeat(20_000) });
  },

  "each filter holds by itself": async ({ store }) => {
    await addJob(store, { id: "plain" });
    await addJob(store, { id: "paused", state: "paused" });
    await addJob(store, { id: "finished", state: "finished", nextRunAt: null });
    await addJob(store, { id: "mail", definition: { handler: "email" } });
    await addJob(store, { id: "low", definition: { queue: "low" } });
    await addJob(store, { id: "failed", status: "failed" });
    await addJob(store, { id: "tagged", definition: { tags: ["eu", "billing"] } });
    await addJob(store, { id: "named", definition: { name: "Weekly Invoice 100%_done" } });
    expect(await idsWhere(store, { state: "paused" })).toEqual(["paused"]);
    expect(await idsWhere(store, { state: "finished" })).toEqual(["finished"]);
    expect(await idsWhere(store, { state: "active" })).toHaveLength(6);
    expect(await idsWhere(store, { handler: "email" })).toEqual(["mail"]);
    expect(await idsWhere(store, { queue: "low" })).toEqual(["low"]);
    expect(await idsWhere(store, { status: "failed" })).toEqual(["failed"]);
    expect(await idsWhere(store, { status: "pending" })).toHaveLength(7);
    expect(await idsWhere(store, { tags: ["eu"] })).toEqual(["tagged"]);
    expect(await idsWhere(store, { nameContains: "iNVOICE" })).toEqual(["named"]);
    expect(await idsWhere(store, { nameContains: "%_" })).toEqual(["named"]);
    expect(await idsWhere(store, { nameContains: "" })).toHaveLength(8);
  },

  "a name is found in capitals and in small letters, of any alphabet": async ({ store }) => {
    await addJob(store, { id: "named", definition: { name: "Übersicht ОТЧЁТ" } });
    for (const nameContains of ["übersicht", "ÜBER", "отчёт"]) expect(await idsWhere(store, { nameContains })).toEqual(["named"]);
  },

  "of several filters all must hold, and of several tags each": async ({ store }) => {
    await addJob(store, { id: "both", definition: { tags: ["eu", "billing"], queue: "low" } });
    await addJob(store, { id: "eu", definition: { tags: ["eu"], queue: "low" } });
    await addJob(store, { id: "high", definition: { tags: ["eu", "billing"], queue: "high" } });
    expect(await idsWhere(store, { tags: ["billing", "eu"] })).toEqual(["high", "both"]);
    expect(await idsWhere(store, { tags: ["billing", "eu"], queue: "low" })).toEqual(["both"]);
    expect(await idsWhere(store, { tags: ["eu", "e"] })).toEqual([]);
    expect(await idsWhere(store, { tags: [] })).toHaveLength(3);
  },

  "filters see a job as it stands after an edit, a fire to its end, and a status": async ({ store }) => {
    const job = await addJob(store);
    const edited = await changeJob(store, job, {
      state: "paused",
      definition: { ...job.definition, name: "Other", queue: "low", tags: ["x"] },
    });
    expect(await idsWhere(store, { state: "active" })).toEqual([]);
    expect(await idsWhere(store, { state: "paused", nameContains: "other", queue: "low", tags: ["x"] })).toEqual([job.id]);
    const lastRun = {
      runId: "0".repeat(26),
      state: "running",
      scheduledFor: START,
      startedAt: START,
      finishedAt: null,
      attempt: 1,
      error: null,
    } as const;
    await store.status.apply([{ tenantId: job.tenantId, jobUid: job.uid, lastRun }]);
    expect(await idsWhere(store, { status: "pending" })).toEqual([]);
    expect(await idsWhere(store, { status: "running" })).toEqual([job.id]);
    await changeJob(store, edited, { state: "finished", nextRunAt: null });
    expect(await idsWhere(store, { state: "finished" })).toEqual([job.id]);
  },

  "pages hold every job once, whatever their size": async ({ store }) => {
    for (let index = 0; index < 13; index += 1) await addJob(store, { id: `job-${index}`, createdAt: START + (index % 4) });
    const all = await idsWhere(store, {});
    expect(all).toHaveLength(13);
    for (const limit of [1, 3, 13, 14]) {
      const pages = await walk(store, { limit });
      expect(pages.flat().map(({ id }) => id)).toEqual(all);
      for (const page of pages) expect(page.length).toBeLessThanOrEqual(limit);
      expect(pages).toHaveLength(Math.ceil(13 / limit));
    }
  },

  "a filter holds over all pages": async ({ store }) => {
    for (let index = 0; index < 12; index += 1) {
      await addJob(store, { id: `job-${index}`, createdAt: START + index, definition: { queue: index % 3 === 0 ? "low" : "high" } });
    }
    const pages = await walk(store, { queue: "low", limit: 2 });
    expect(pages.flat().map(({ id }) => id)).toEqual(["job-9", "job-6", "job-3", "job-0"]);
  },

  "jobs made and deleted meanwhile move no other job to another page": async ({ store }) => {
    const jobs: Job[] = [];
    for (let index = 0; index < 10; index += 1) jobs.push(await addJob(store, { id: `job-${index}`, createdAt: START + index }));
    let round = 0;
    const pages = await walk(store, { limit: 3 }, async () => {
      round += 1;
      await addJob(store, { id: `new-${round}`, createdAt: START + round * SECOND });
      if (round === 1) await deleteJob(store, jobs[9]!);
    });
    expect(pages.flat().map(({ id }) => id)).toEqual([...jobs].reverse().map(({ id }) => id));
  },
});
