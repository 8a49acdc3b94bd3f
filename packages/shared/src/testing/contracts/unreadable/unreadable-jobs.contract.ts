import { expect } from "@jest/globals";
import type { Job } from "../../../domain/job/job.ts";
import { evaluationFault } from "../../../domain/job/job-evaluation.ts";
import { ALL_SLOTS } from "../../../domain/slot.ts";
import type { Store } from "../../../ports/store/store.ts";
import { editedJob, MINUTE, START } from "../../factories.ts";
import { newManualFire, newFire } from "../../factories-fire.ts";
import { addJob, addRun, changeJob, deleteJob, fire, publishable, readJob } from "../store-steps.ts";
import { defineContract, type Harm, type StoreContext } from "../store-subject.ts";

const upcoming = (store: Store, limit = 100): Promise<readonly Job[]> =>
  store.dueJobs.upcoming({ shard: ALL_SLOTS, until: START + MINUTE, after: null, limit });

const sortedIds = (jobs: readonly Job[]): string[] => jobs.map(({ id }) => id).sort();

const HARMS = ["no definition", "torn definition", "torn misfires"] as const satisfies readonly Harm["what"][];

/** One job with each kind of damage, and an intact one before and after them. */
async function neighbours({ store, subject }: StoreContext): Promise<{ readonly bad: readonly Job[]; readonly good: readonly Job[] }> {
  const before = await addJob(store, { id: "a-good", nextRunAt: START, definition: { queue: "high", handler: "report" } });
  const bad: Job[] = [];
  for (const [place, what] of HARMS.entries()) {
    const job = await addJob(store, { id: `bad-${place}`, nextRunAt: START + 1 });
    if (await subject.damage(store, { what, of: job.uid })) bad.push(job);
  }
  return { bad, good: [before, await addJob(store, { id: "z-good", nextRunAt: START + 2 })] };
}

/** The readable parts of a damaged job are shown, and it does not keep others from being read or written. */
export const unreadableJobsContract = defineContract("rows of jobs that cannot be read", {
  "jobs that cannot be read stand among the others, in their order, and say why": async (context) => {
    const { store } = context;
    const { bad, good } = await neighbours(context);
    const [first, last] = good as [Job, Job];
    const page = await upcoming(store);
    expect(page.map(({ id }) => id)).toEqual([first.id, ...bad.map(({ id }) => id), last.id]);
    expect([page[0], page.at(-1)]).toEqual(good);
    for (const job of page.slice(1, -1)) {
      expect(job.unreadable).toEqual(expect.any(String));
      expect(evaluationFault(job)).toBe(job.unreadable);
    }
    const read = await store.dueJobs.read([...bad, ...good].map(({ uid }) => uid));
    expect(sortedIds(read)).toEqual(sortedIds(page));
  },

  "a list has them all, with any filter, and the others as they are": async (context) => {
    const { store } = context;
    const { bad, good } = await neighbours(context);
    const { items } = await store.jobs.list("default", { limit: 100, cursor: null });
    expect(sortedIds(items)).toEqual(sortedIds([...bad, ...good]));
    expect(items.filter(({ unreadable }) => unreadable === undefined)).toEqual(expect.arrayContaining([...good]));
    const named = await store.jobs.list("default", { limit: 100, cursor: null, nameContains: "nightly" });
    expect(sortedIds(named.items)).toEqual(expect.arrayContaining(sortedIds(good)));
    expect((await store.jobs.list("default", { limit: 100, cursor: null, tags: ["none"] })).items).toEqual([]);
    expect(sortedIds((await store.jobs.list("default", { limit: 100, cursor: null, queue: "high" })).items)).toEqual(["a-good"]);
  },

  "one by itself is answered with what is known of it": async (context) => {
    const { store } = context;
    const { bad } = await neighbours(context);
    for (const { id, uid, version, nextRunAt } of bad) {
      const job = await store.jobs.get("default", id);
      expect(job).toMatchObject({ id, uid, version, state: "active", nextRunAt, unreadable: expect.any(String) });
      expect(job?.definition).toMatchObject({ queue: "default", handler: "http" });
    }
  },

  "the others fire beside them": async (context) => {
    const { store } = context;
    const { good } = await neighbours(context);
    const { outcomes } = await store.dueJobs.fire({
      fires: good.map((job) => newFire(job)),
      now: START,
      claimant: null,
      claimed: [],
    });
    expect(outcomes.map(({ kind }) => kind)).toEqual(["won", "won"]);
    expect(await store.dueJobs.repair({ shard: ALL_SLOTS, firedBefore: Number.MAX_SAFE_INTEGER, limit: 10 })).toBe(0);
  },

  "one can be paused, and what is stored of its definition stays as it is": async (context) => {
    const { store } = context;
    const { bad } = await neighbours(context);
    for (const { id, uid, definitionHash } of bad) {
      const job = (await store.jobs.get("default", id)) as Job;
      const paused = await changeJob(store, job, { state: "paused", definitionHash: job.definitionHash });
      expect(paused).toMatchObject({ uid, state: "paused", version: 2 });
      if (job.unreadable?.includes("definition") === true) expect(paused.unreadable).toBe(job.unreadable);
      else expect(paused.definitionHash).toBe(definitionHash);
    }
  },

  "one that is given another definition is as any other": async (context) => {
    const { store } = context;
    const { bad } = await neighbours(context);
    for (const { id, definition } of bad) {
      const job = (await store.jobs.get("default", id)) as Job;
      const { unreadable: _, ...next } = editedJob(job, { ...definition, name: "Repaired" });
      const repaired = await changeJob(store, job, { ...next, misfires: null });
      expect(repaired.unreadable).toBeUndefined();
      expect(await readJob(store, repaired)).toEqual(repaired);
      expect((await fire(store, newFire(repaired))).kind).toBe("won");
    }
    expect(await publishable(store)).toHaveLength(bad.length);
  },

  "one whose same definition is written again is repaired": async ({ store, subject }) => {
    const job = await addJob(store);
    await subject.damage(store, { what: "torn definition", of: job.uid });
    expect((await readJob(store, job)).unreadable).toBeDefined();
    expect(await store.jobs.addDefinition("default", { jobUid: job.uid, definition: job.definition })).toBe(job.definitionHash);
    const fired = newManualFire(job, { at: START, keys: ["key"] });
    expect((await fire(store, fired)).kind).toBe("won");
    expect(await readJob(store, job)).toEqual(job);
  },

  "one can be deleted, its open runs with it": async (context) => {
    const { store, subject } = context;
    for (const [place, what] of HARMS.entries()) {
      const job = await addJob(store, { id: `bad-${place}`, definition: { overlap: "allow" } });
      await addRun(store, job);
      await subject.damage(store, { what, of: job.uid });
      const read = (await store.jobs.get("default", job.id)) as Job;
      const deleted = await deleteJob(store, { ...read, definitionHash: read.definitionHash });
      expect(deleted.state).toBe("deleted");
      expect(await store.jobs.get("default", job.id)).toBeNull();
      const ended = await store.control.cancelOpen("default", { jobUid: job.uid, now: START, limit: 10 });
      expect(ended).toMatchObject([{ state: "cancelled", reason: "job_deleted" }]);
    }
    const sweep = { now: START, endedBefore: 0, boundBefore: 0, deletedBefore: START + 1, limit: 100 };
    await store.outbox.sent((await store.outbox.unsent({ shard: ALL_SLOTS, limit: 100 })).map(({ id }) => id));
    expect((await store.retention.sweep(sweep)).tombstones).toBe(HARMS.length);
  },

  "a list goes on behind jobs whose creation time cannot be read, whatever the size of its pages": async ({ store, subject }) => {
    const good: Job[] = [];
    for (const id of ["a", "b", "c", "d", "e"]) {
      good.push(await addJob(store, { id, createdAt: START + good.length }));
      const torn = await addJob(store, { id: `torn-${id}`, createdAt: START + good.length });
      await subject.damage(store, { what: "torn age", of: torn.uid });
    }
    for (const limit of [1, 2, 3, 5, 7]) {
      const listed: string[] = [];
      let cursor: string | null = null;
      for (let pages = 0; pages < 20; pages += 1) {
        const page: Awaited<ReturnType<Store["jobs"]["list"]>> = await store.jobs.list("default", { limit, cursor });
        listed.push(...sortedIds(page.items));
        if ((cursor = page.nextCursor) === null) break;
      }
      expect([limit, cursor, listed]).toEqual([limit, null, expect.arrayContaining(sortedIds(good))]);
      expect([limit, new Set(listed).size]).toEqual([limit, listed.length]);
    }
  },

  "deleted jobs are forgotten beside one whose runs cannot be found": async ({ store, subject }) => {
    const jobs = [await addJob(store, { id: "torn" }), await addJob(store, { id: "good" })];
    for (const job of jobs) await addRun(store, job);
    for (const job of jobs) await deleteJob(store, job);
    if (!(await subject.damage(store, { what: "torn slot", of: jobs[0]!.uid }))) return;
    await store.outbox.sent((await store.outbox.unsent({ shard: ALL_SLOTS, limit: 100 })).map(({ id }) => id));
    const sweep = { now: START, endedBefore: 0, boundBefore: 0, deletedBefore: START + 1, limit: 100 };
    let forgotten = 0;
    for (let round = 0; round < 3; round += 1) forgotten += (await store.retention.sweep(sweep)).tombstones;
    expect(forgotten).toBeGreaterThanOrEqual(1);
  },

  "a last run that cannot be read is not shown, and hinders nothing": async ({ store, subject }) => {
    const job = await addJob(store);
    await subject.damage(store, { what: "torn last run", of: job.uid });
    expect(await readJob(store, job)).toEqual({ ...job, status: expect.any(String), lastRun: null });
    expect((await fire(store, newFire(job))).kind).toBe("won");
    expect(await publishable(store)).toMatchObject([{ jobId: job.id, lastRun: null }]);
  },

  "one that could not be written back is left out, and named": async ({ store, subject }) => {
    const [lost, kept] = [await addJob(store, { id: "lost" }), await addJob(store, { id: "kept" })];
    await subject.damage(store, { what: "unknown job state", of: lost.uid });
    const { items, unreadable = [] } = await store.jobs.list("default", { limit: 100, cursor: null });
    expect(items).toEqual([kept]);
    expect(unreadable).toEqual([{ id: "lost", reason: expect.any(String) }]);
    expect(subject.unreadable.at(-1)).toMatchObject({ kind: "job" });
    expect(await store.dueJobs.read([kept.uid, lost.uid])).toEqual([kept]);
    await expect(store.jobs.get("default", "lost")).rejects.toMatchObject({ code: "store_corrupt" });
  },

  "an event of the outbox that cannot be read keeps none from being sent": async ({ store, subject }) => {
    const jobs: Job[] = [];
    for (let place = 0; place < 4; place += 1) jobs.push(await addJob(store, { id: `job-${place}`, updatedAt: START + place }));
    for (const { uid } of jobs.slice(0, 3)) if (!(await subject.damage(store, { what: "torn event", of: uid }))) return;
    expect(await store.outbox.unsent({ shard: ALL_SLOTS, limit: 2 })).toMatchObject([{ subject: "job-3" }]);
    expect(subject.unreadable.at(-1)).toMatchObject({ kind: "event" });
  },

  "a handler that cannot be read hides none": async ({ store, subject }) => {
    const handler = { description: null, paramsSchema: {}, lastSeenAt: START };
    await store.handlers.publish([
      { ...handler, type: "bad" },
      { ...handler, type: "good" },
    ]);
    if (!(await subject.damage(store, { what: "torn handler", of: "bad" }))) return;
    expect((await store.handlers.list()).map(({ type }) => type)).toEqual(["good"]);
  },

  "after a restart all is as it was before": async (context) => {
    if (context.subject.reopen === undefined) return;
    const { bad, good } = await neighbours(context);
    const store = await context.reopen();
    expect(sortedIds(await upcoming(store))).toEqual(sortedIds([...bad, ...good]));
    const more = await addJob(store, { id: "more" });
    expect((await fire(store, newFire(more))).kind).toBe("won");
  },
});
