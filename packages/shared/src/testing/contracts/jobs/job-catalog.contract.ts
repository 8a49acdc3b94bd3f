import { expect } from "@jest/globals";
import { sha256 } from "../../../adapters/system/digest.ts";
import { definitionHash } from "../../../domain/job/job-definition.ts";
import { ALL_SLOTS } from "../../../domain/slot.ts";
import { jobEvent } from "../../../events/job-event.ts";
import { newDefinition, editedJob, newJob, MINUTE, SECOND, START } from "../../factories.ts";
import { newEntry, runIdOfEntry, newFire } from "../../factories-fire.ts";
import {
  addJob,
  addRun,
  addRuns,
  changeJob,
  countKind,
  deleteJob,
  fire,
  only,
  publishable,
  race,
  readJob,
  readRun,
} from "../store-steps.ts";
import { defineContract } from "../store-subject.ts";

const unsent = ALL_SLOTS;

/** Creating, reading and changing jobs. Lists have a contract of their own. */
export const jobCatalogContract = defineContract("JobCatalog", {
  "a job reads back as it was created, to the last field": async ({ store }) => {
    const job = newJob({
      state: "paused",
      nextRunAt: null,
      lastScheduledFor: START,
      firedCount: 3,
      misfires: { first: START, last: START + MINUTE, count: 2 },
      definition: {
        description: 'Ünïcode, "quotes" and \n lines',
        tags: ["b", "a"],
        params: { nothing: {}, list: [1, 2.5, null, true, ["x"]], "a key.with$signs": "😀" },
        schedule: { kind: "cron", cron: "0 9 * * 1-5", timezone: "Europe/Berlin", startAt: START, endAt: null, maxRuns: 9 },
        expireAfterMs: 5_000,
      },
    });
    const created = await store.jobs.create(job.tenantId, { job, event: jobEvent("JobCreated", job) });
    expect(created).toEqual({ kind: "created", job });
    expect(await store.jobs.get(job.tenantId, job.id)).toEqual(job);
    expect(await readJob(store, job)).toEqual(job);
  },

  "an unknown id is null": async ({ store }) => {
    expect(await store.jobs.get("default", "unknown")).toBeNull();
  },

  "repeating a create of the same uid answers with the stored job, which it does not touch": async ({ store }) => {
    const job = await addJob(store);
    await fire(store, newFire(job));
    const fired = await readJob(store, job);
    const again = await store.jobs.create(job.tenantId, { job, event: jobEvent("JobCreated", job) });
    expect(again).toEqual({ kind: "created", job: fired });
    expect(await store.outbox.unsent({ shard: unsent, limit: 10 })).toHaveLength(1);
  },

  "repeating a create does not say again what was sent": async ({ store }) => {
    const job = await addJob(store);
    const event = jobEvent("JobCreated", job);
    await store.outbox.sent([event.id]);
    await store.jobs.create(job.tenantId, { job, event });
    expect(await store.outbox.unsent({ shard: unsent, limit: 10 })).toEqual([]);
  },

  "another job under a taken id is refused, and leaves nothing": async ({ store }) => {
    const job = await addJob(store);
    const rival = newJob({ uid: "uid-rival", definition: { name: "Rival" } });
    const outcome = await store.jobs.create(rival.tenantId, { job: rival, event: jobEvent("JobCreated", rival) });
    expect(outcome).toEqual({ kind: "exists", job });
    expect(await store.dueJobs.read([rival.uid])).toEqual([]);
    expect(await store.outbox.unsent({ shard: unsent, limit: 10 })).toEqual([jobEvent("JobCreated", job)]);
  },

  "of many who create one id at once, exactly one does": async ({ store }) => {
    const outcomes = await race((racer) => {
      const job = newJob({ uid: `uid-${racer}` });
      return store.jobs.create(job.tenantId, { job, event: jobEvent("JobCreated", job) });
    });
    expect(countKind(outcomes, "created")).toBe(1);
    expect(new Set(outcomes.map(({ job }) => job.uid)).size).toBe(1);
    expect(await store.outbox.unsent({ shard: unsent, limit: 100 })).toHaveLength(1);
  },

  "a change replaces what was read": async ({ store }) => {
    const job = await addJob(store);
    const next = {
      ...editedJob(job, { name: "Edited", queue: "low" }),
      nextRunAt: START + MINUTE,
      firedCount: 0,
      state: "paused" as const,
    };
    const event = jobEvent("JobUpdated", next);
    expect(await store.jobs.change(job.tenantId, { previous: job, next, event })).toEqual({ kind: "changed", job: next });
    expect(await store.jobs.get(job.tenantId, job.id)).toEqual(next);
    expect(await store.outbox.unsent({ shard: unsent, limit: 10 })).toContainEqual(event);
  },

  "a change by an older version is stale, and changes nothing": async ({ store }) => {
    const job = await addJob(store);
    const edited = await changeJob(store, job, {});
    const late = editedJob(job, { name: "Late" });
    const outcome = await store.jobs.change(job.tenantId, {
      previous: job,
      next: late,
      event: { ...jobEvent("JobUpdated", late), id: "late" },
    });
    expect(outcome).toEqual({ kind: "stale" });
    expect(await store.jobs.get(job.tenantId, job.id)).toEqual(edited);
    const events = await store.outbox.unsent({ shard: unsent, limit: 10 });
    expect(events.map(({ id }) => id)).not.toContain("late");
  },

  "a change is stale once the job has fired": async ({ store }) => {
    const job = await addJob(store);
    await fire(store, newFire(job));
    const next = editedJob(job, { name: "Late" });
    expect(await store.jobs.change(job.tenantId, { previous: job, next, event: jobEvent("JobUpdated", next) })).toEqual({ kind: "stale" });
  },

  "a change is stale when the state is another": async ({ store }) => {
    const job = await addJob(store);
    const previous = { ...job, state: "paused" as const };
    const next = editedJob(previous, {});
    expect(await store.jobs.change(job.tenantId, { previous, next, event: jobEvent("JobUpdated", next) })).toEqual({ kind: "stale" });
  },

  "a manual run does not make a change stale": async ({ store }) => {
    const job = await addJob(store);
    await addRun(store, job);
    expect((await changeJob(store, job, {})).version).toBe(2);
  },

  "repeating a change does nothing more": async ({ store }) => {
    const job = await addJob(store);
    const next = editedJob(job, { name: "Edited" });
    const change = { previous: job, next, event: jobEvent("JobUpdated", next) };
    await store.jobs.change(job.tenantId, change);
    expect(await store.jobs.change(job.tenantId, change)).toEqual({ kind: "stale" });
    expect(await store.jobs.get(job.tenantId, job.id)).toEqual(next);
    expect(await store.outbox.unsent({ shard: unsent, limit: 10 })).toHaveLength(2);
  },

  "of many who change one version at once, exactly one does": async ({ store }) => {
    const job = await addJob(store);
    const outcomes = await race((racer) => {
      const next = editedJob(job, { name: `Racer ${racer}` });
      return store.jobs.change(job.tenantId, { previous: job, next, event: jobEvent("JobUpdated", next) });
    });
    expect(countKind(outcomes, "changed")).toBe(1);
    const winner = outcomes.find(({ kind }) => kind === "changed");
    expect(winner).toEqual({ kind: "changed", job: await store.jobs.get(job.tenantId, job.id) });
  },

  "of an edit and the fires that race with it, exactly one comes first": async ({ store }) => {
    const job = await addJob(store);
    const next = editedJob(job, {});
    const outcomes = await race<{ readonly kind: string }>((racer) =>
      racer === 7
        ? store.jobs.change(job.tenantId, { previous: job, next, event: jobEvent("JobUpdated", next) })
        : fire(store, newFire(job)),
    );
    expect(countKind(outcomes, "changed") + countKind(outcomes, "won")).toBe(1);
    expect(await publishable(store)).toHaveLength(countKind(outcomes, "won"));
  },

  "a change leaves status and last run as they are stored": async ({ store }) => {
    const job = await addJob(store);
    const lastRun = {
      runId: runIdOfEntry(job, newEntry(job)),
      state: "failed" as const,
      scheduledFor: START,
      startedAt: START,
      finishedAt: START + SECOND,
      attempt: 1,
      error: { code: "http_status", message: "500", retryable: false },
    };
    await store.status.apply([{ tenantId: job.tenantId, jobUid: job.uid, lastRun }]);
    const changed = await changeJob(store, job, { definition: newDefinition({ name: "Edited" }) });
    expect(changed).toMatchObject({ status: "failed", lastRun, definition: { name: "Edited" } });
    expect(await store.jobs.get(job.tenantId, job.id)).toEqual(changed);
  },

  "a run keeps the definition it was fired under, on all its attempts": async ({ store }) => {
    const job = await addJob(store, { definition: { params: { v: 1 }, queue: "high" } });
    await addRun(store, job);
    await changeJob(store, job, editedJob(job, { params: { v: 2 }, queue: "low", handler: "other", timeoutMs: 1 }));
    const run = only(await publishable(store, "high"));
    expect(run).toMatchObject({ jobVersion: 1, params: { v: 1 }, queue: "high", handler: "http", timeoutMs: MINUTE });
    expect(await publishable(store, "low")).toEqual([]);
  },

  "a deleted job is seen no more, by its id or by its uid": async ({ store }) => {
    const job = await addJob(store);
    const tombstone = await deleteJob(store, job);
    expect(tombstone.state).toBe("deleted");
    expect(await store.jobs.get(job.tenantId, job.id)).toBeNull();
    expect((await store.jobs.list(job.tenantId, { limit: 10, cursor: null })).items).toEqual([]);
    expect(await store.dueJobs.read([job.uid])).toEqual([]);
    const next = editedJob(tombstone, {});
    const event = jobEvent("JobUpdated", next);
    expect(await store.jobs.change(job.tenantId, { previous: tombstone, next: { ...next, state: "active" }, event })).toEqual({
      kind: "stale",
    });
  },

  "repeating the create of a deleted job does not bring it back": async ({ store }) => {
    const job = await addJob(store);
    await deleteJob(store, job);
    await store.jobs.create(job.tenantId, { job, event: jobEvent("JobCreated", job) });
    expect(await store.jobs.get(job.tenantId, job.id)).toBeNull();
    expect(await store.dueJobs.read([job.uid])).toEqual([]);
  },

  "a deleted id can be given to another job, and both keep their runs": async ({ store }) => {
    const first = await addJob(store);
    const [run] = await addRuns(store, first);
    await deleteJob(store, first);
    const second = await addJob(store, { uid: "uid-second", createdAt: START });
    expect(await store.jobs.get(second.tenantId, second.id)).toEqual(second);
    const rerun = await addRun(store, second, { now: START + SECOND });
    expect(await readRun(store, run!)).toMatchObject({ jobUid: first.uid, jobId: "job-1" });
    expect(await readRun(store, rerun)).toMatchObject({ jobUid: second.uid, jobId: "job-1" });
  },

  "a definition row of its own is named by its hash, and repeating it is harmless": async ({ store }) => {
    const job = await addJob(store);
    const definition = { ...job.definition, params: { override: true } };
    const hash = await store.jobs.addDefinition(job.tenantId, { jobUid: job.uid, definition });
    expect(hash).toBe(definitionHash(sha256, definition));
    expect(await store.jobs.addDefinition(job.tenantId, { jobUid: job.uid, definition })).toBe(hash);
    expect(await store.jobs.addDefinition(job.tenantId, { jobUid: job.uid, definition: job.definition })).toBe(job.definitionHash);
  },

  "a run may use another definition row than its job's": async ({ store }) => {
    const job = await addJob(store);
    const definition = { ...job.definition, params: { override: true } };
    const hash = await store.jobs.addDefinition(job.tenantId, { jobUid: job.uid, definition });
    const entry = newEntry(job, { cause: "manual", key: "k", definitionHash: hash });
    await fire(store, { job, advance: null, entries: [entry] });
    expect(only(await publishable(store)).params).toEqual({ override: true });
    expect(await store.runs.origin(job.tenantId, runIdOfEntry(job, entry))).toEqual({ jobUid: job.uid, definitionHash: hash });
    expect((await readJob(store, job)).definition).toEqual(job.definition);
  },
});
