import { expect } from "@jest/globals";
import type { Job } from "../../domain/job/job.ts";
import { jobEvent } from "../../events/job-event.ts";
import { editedJob, newJob, START } from "../factories.ts";
import { addJobWithRun, claim, pickRunIds, publishable, readJob, readRun, start } from "./store-steps.ts";
import { defineContract, type StoreContext } from "./store-subject.ts";

/** Two tenants whose jobs have the same names. */
const twoTenants = async ({ store }: StoreContext) => ({
  mine: await addJobWithRun(store, { tenantId: "mine", definition: { name: "Mine", overlap: "allow" } }),
  theirs: await addJobWithRun(store, { tenantId: "theirs", definition: { name: "Theirs", overlap: "allow" } }),
});

/** No method that takes a tenant reads or changes data of another tenant. */
export const tenantsContract = defineContract("Tenants", {
  "one id names another job in each tenant": async (context) => {
    const { mine, theirs } = await twoTenants(context);
    expect(mine.job.id).toBe(theirs.job.id);
    expect(await context.store.jobs.get("mine", mine.job.id)).toEqual(mine.job);
    expect(await context.store.jobs.get("theirs", mine.job.id)).toEqual(theirs.job);
    expect(await context.store.jobs.get("unknown", mine.job.id)).toBeNull();
  },

  "lists of jobs and runs hold the tenant's own": async (context) => {
    const { mine, theirs } = await twoTenants(context);
    const page = { limit: 10, cursor: null };
    expect((await context.store.jobs.list("mine", page)).items).toEqual([mine.job]);
    expect((await context.store.jobs.list("theirs", { ...page, nameContains: "mine" })).items).toEqual([]);
    expect((await context.store.jobs.list("unknown", page)).items).toEqual([]);
    expect(pickRunIds((await context.store.runs.list("theirs", page)).items)).toEqual([theirs.run.runId]);
    expect(pickRunIds((await context.store.runs.list("mine", { ...page, jobId: theirs.job.id })).items)).toEqual([mine.run.runId]);
    expect((await context.store.runs.list("mine", { ...page, jobUid: theirs.job.uid })).items).toEqual([]);
  },

  "a cursor does not lead to another tenant's rows": async (context) => {
    for (const tenantId of ["mine", "theirs"]) {
      for (const id of ["a", "b", "c"]) await addJobWithRun(context.store, { tenantId, id });
    }
    const jobs = await context.store.jobs.list("mine", { limit: 1, cursor: null });
    const runs = await context.store.runs.list("mine", { limit: 1, cursor: null });
    const otherJobs = await context.store.jobs.list("theirs", { limit: 10, cursor: jobs.nextCursor });
    const otherRuns = await context.store.runs.list("theirs", { limit: 10, cursor: runs.nextCursor });
    for (const { tenantId } of [...otherJobs.items, ...otherRuns.items]) expect(tenantId).toBe("theirs");
  },

  "another's job cannot be changed or deleted": async (context) => {
    const { mine, theirs } = await twoTenants(context);
    for (const next of [editedJob(theirs.job, { name: "Taken" }), { ...editedJob(theirs.job, {}), state: "deleted" as const }]) {
      const change = { previous: theirs.job, next, event: { ...jobEvent("JobUpdated", next), id: "taken" } };
      expect(await context.store.jobs.change("mine", change)).toEqual({ kind: "stale" });
    }
    expect(await readJob(context.store, theirs.job)).toEqual(theirs.job);
    expect(await readJob(context.store, mine.job)).toEqual(mine.job);
  },

  "another's uid cannot be taken by creating a job": async (context) => {
    const { theirs } = await twoTenants(context);
    const thief: Job = { ...newJob({ tenantId: "mine", id: "thief" }), uid: theirs.job.uid };
    await context.store.jobs.create("mine", { job: thief, event: jobEvent("JobCreated", thief) }).catch(() => null);
    expect(await context.store.jobs.get("mine", "thief")).toBeNull();
    expect(await readJob(context.store, theirs.job)).toEqual(theirs.job);
  },

  "another's run cannot be read or cancelled": async (context) => {
    const { mine, theirs } = await twoTenants(context);
    const { runId } = theirs.run;
    expect(await context.store.runs.get("mine", runId)).toBeNull();
    expect(await context.store.runs.origin("mine", runId)).toBeNull();
    expect(await context.store.control.cancel("mine", { runId, now: START })).toEqual({ kind: "unknown" });
    expect(await context.store.control.cancelOpen("mine", { jobUid: theirs.job.uid, now: START, limit: 10 })).toEqual([]);
    await start(context.store, theirs.run);
    expect(await context.store.control.cancel("mine", { runId, now: START })).toEqual({ kind: "unknown" });
    expect(await readRun(context.store, theirs.run)).toMatchObject({ state: "running", cancelRequested: false });
    expect(await publishable(context.store)).toEqual([mine.run]);
  },

  "leaders and executors serve all tenants alike": async (context) => {
    const { mine, theirs } = await twoTenants(context);
    expect(pickRunIds(await publishable(context.store)).sort()).toEqual(pickRunIds([mine.run, theirs.run]).sort());
    const outcomes = await claim(context.store, [mine.run, theirs.run]);
    expect(outcomes.map((outcome) => (outcome.kind === "won" ? outcome.claim.run.tenantId : null))).toEqual(["mine", "theirs"]);
  },
});
