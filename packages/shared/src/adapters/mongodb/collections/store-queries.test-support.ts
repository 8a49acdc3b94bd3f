import type { DueRun } from "../../../domain/run/due-run.ts";
import type { Job } from "../../../domain/job/job.ts";
import { ALL_SLOTS } from "../../../domain/slot.ts";
import { jobEvent } from "../../../events/job-event.ts";
import type { Store } from "../../../ports/store/store.ts";
import { addJob, addRun, addRuns, deleteJob, LEASE_MS, SUCCESS } from "../../../testing/contracts/store-steps.ts";
import { DAY, HOUR, MINUTE, SECOND, START } from "../../../testing/factories.ts";

const RANGE = { shard: ALL_SLOTS, now: 1_000, limit: 10 };
const RESUME = { shard: ALL_SLOTS, queue: "default", handlers: ["http"], limit: 10 };
const PAGE = { limit: 10, cursor: null };
const OPEN = { now: START, limit: 10 };
const CLAIMANT = { executor: "e1", token: "t1", leaseMs: LEASE_MS };

/** The choice makes no difference while there is one job. */
const NEWEST_JOBS = ["newest", "newest_by_state"];

/** The queries of a store that may have millions of jobs and runs, and the indexes that keep them from reading all rows. */
export const STORE_QUERIES: readonly (readonly [string, readonly string[], (store: Store, job: Job) => Promise<unknown>])[] = [
  ["what is to be woken", ["wake", "expiry"], (store) => store.dueRuns.wake(RANGE)],
  ["leases that may have ended", ["wake"], (store) => store.leases.ending({ ...RANGE, after: null })],
  ["… behind some", ["wake"], (store) => store.leases.ending({ ...RANGE, after: { expiresAt: 5, runIds: ["a", "b"] } })],
  ["ends that are unannounced", ["unannounced"], (store) => store.announcements.unannounced({ ...RANGE, endedBefore: 1_000 })],
  ["runs to be published", ["waiting_by_priority"], (store) => store.dueRuns.publishable({ ...RANGE, queue: "default" })],
  [
    "… that were rescued less than so often",
    ["waiting_by_priority"],
    (store) => store.dueRuns.publishable({ ...RANGE, queue: "default", rescuesBelow: 2 }),
  ],
  ["unclaimed runs that were rescued so often", ["waiting_by_priority"], (store) => store.dueRuns.unclaimedRescued(ALL_SLOTS, 2)],
  ["unclaimed runs", ["waiting_by_priority"], (store) => store.dueRuns.unclaimed(ALL_SLOTS)],
  ["queues that have any", ["waiting_by_priority"], (store) => store.dueRuns.queues(ALL_SLOTS)],
  ["queues with runs that wait for a handler", ["waiting_by_priority"], (store) => store.deferred.queues(ALL_SLOTS)],
  ["runs that wait for a handler", ["waiting_by_priority"], (store) => store.deferred.resume({ ...RESUME, after: null })],
  ["… behind one", ["waiting_by_priority", "_id_"], (store) => store.deferred.resume({ ...RESUME, after: "4r" })],
  ["which of some runs wait", [], (store) => store.deferred.waiting(["r", "s"])],
  ["unfinished fires", ["pending"], (store) => store.dueJobs.repair({ ...RANGE, firedBefore: 1_000 })],
  ["what waits in the outbox", ["outbox"], (store) => store.outbox.unsent(RANGE)],
  ["events that were sent", ["outbox", "outbox_event"], (store) => store.outbox.sent(["e1", "e2"])],
  ["jobs that are due soon", ["upcoming"], (store) => store.dueJobs.upcoming({ ...RANGE, until: 1_000, after: null })],
  ["… behind one", ["upcoming", "_id_"], (store) => store.dueJobs.upcoming({ ...RANGE, until: START, after: { nextRunAt: 5, uid: "u" } })],
  ["… however far ahead", ["upcoming"], (store) => store.dueJobs.upcoming({ ...RANGE, until: null, after: null })],
  [
    "waits that a clock which was ahead has left",
    ["wake"],
    (store) => store.dueRuns.resetWaits({ ...RANGE, now: START, waitMsMax: SECOND }),
  ],
  ["jobs by uid", [], (store) => store.dueJobs.read(["a", "b"])],
  ["a job by its id", ["id"], (store) => store.jobs.get("default", "unknown")],
  ["a job that is made again", ["id"], (store, job) => store.jobs.create(job.tenantId, { job, event: jobEvent("JobCreated", job) })],
  ["the newest jobs", NEWEST_JOBS, (store) => store.jobs.list("default", PAGE)],
  ["… behind one", NEWEST_JOBS, (store) => store.jobs.list("default", { ...PAGE, cursor: `${START}.u` })],
  ["… of a state", ["newest_by_state"], (store) => store.jobs.list("default", { ...PAGE, state: "paused" })],
  ["… of a status", [...NEWEST_JOBS, "newest_by_status"], (store) => store.jobs.list("default", { ...PAGE, status: "failed" })],
  ["… of a handler", [...NEWEST_JOBS, "newest_by_handler"], (store) => store.jobs.list("default", { ...PAGE, handler: "none" })],
  ["… of a queue", [...NEWEST_JOBS, "newest_by_queue"], (store) => store.jobs.list("default", { ...PAGE, queue: "none" })],
  ["… with a tag", [...NEWEST_JOBS, "newest_by_tag"], (store) => store.jobs.list("default", { ...PAGE, tags: ["none"] })],
  ["a run by its id", [], (store) => store.runs.get("default", "unknown")],
  ["the newest runs", ["newest"], (store) => store.runs.list("default", PAGE)],
  ["… behind one", ["newest"], (store) => store.runs.list("default", { ...PAGE, cursor: "r" })],
  ["… of a job", ["newest_by_job"], (store) => store.runs.list("default", { ...PAGE, jobId: "none" })],
  ["… of a state", ["newest_by_state"], (store) => store.runs.list("default", { ...PAGE, state: "failed" })],
  ["… of a cause", ["newest_by_cause"], (store) => store.runs.list("default", { ...PAGE, cause: "manual" })],
  ["… from an instant to another", ["newest", "_id_"], (store) => store.runs.list("default", { ...PAGE, from: START, to: START + SECOND })],
  ["an idempotency key", [], (store) => bindTwice(store)],
  ["the life of a run", ["waiting_by_priority", "due_of_job"], (store, job) => liveOnce(store, job)],
  ["a run to cancel", [], (store) => store.control.cancel("default", { runId: "unknown", now: START })],
  ["claims that others stand before", ["due_of_job", "lock", "wake", "expiry"], (store, job) => overlapOnce(store, job)],
  [
    "runs that have waited too long",
    ["waiting_by_priority", "due_of_job"],
    (store) => store.dueRuns.closeWaiting({ ...RANGE, dueBefore: START + SECOND, now: START }),
  ],
  [
    "runs of a deleted job",
    ["due_of_job", "wake", "definition"],
    (store, job) => store.control.cancelOpen("default", { ...OPEN, jobUid: job.uid }),
  ],
  [
    "runs of an edited job",
    ["due_of_job", "wake", "definition"],
    (store, job) => store.control.cancelOpen("default", { ...OPEN, jobUid: job.uid, keeping: { queue: "default", handler: "other" } }),
  ],
  ["what a deleted job has running", ["wake"], (store, job) => store.control.cancelRunning("default", { ...OPEN, jobUid: job.uid })],
  [
    "what is past its time, behind a page of it",
    ["settled", "skipped", "missed", "age", "tombstones", "look"],
    (store) => sweepTwice(store),
  ],
  [
    "jobs that were deleted long ago",
    ["tombstones", "due_of_job", "wake", "settled", "skipped", "missed", "age", "look", "job"],
    async (store, job) => {
      await deleteJob(store, job);
      await store.retention.sweep({ now: START + DAY, endedBefore: START, boundBefore: START, deletedBefore: START + HOUR, limit: 10 });
    },
  ],
  ["what was settled", ["settled"], (store) => store.status.settledSince({ since: 1, until: START, after: null, limit: 10 })],
  ["… behind one", ["settled"], (store) => store.status.settledSince({ since: 1, until: START, after: "5.r", limit: 10 })],
  [
    "what is past its time",
    ["settled", "skipped", "missed", "age", "tombstones", "look"],
    (store) => store.retention.sweep({ now: START, endedBefore: START, boundBefore: START, deletedBefore: START, limit: 10 }),
  ],
];

async function bindTwice(store: Store): Promise<void> {
  const binding = { scope: "s", key: "k", fingerprint: "f", value: "v", boundAt: START };
  await store.requests.bind("default", binding);
  await store.requests.bind("default", binding);
}

/** The second one continues after a full page. */
async function sweepTwice(store: Store): Promise<void> {
  const request = { now: START, endedBefore: START + DAY, boundBefore: START, deletedBefore: START, limit: 1 };
  for (let sweep = 0; sweep < 2; sweep += 1) await store.retention.sweep(request);
}

async function liveOnce(store: Store, job: Job): Promise<void> {
  const run = await addRun(store, job, { name: "life" });
  const [{ runId }, now] = [run, START];
  await store.dueRuns.published({ runs: [run], now, repeatMs: SECOND, repeatMsMax: SECOND });
  await store.claims.defer({ deferrals: [{ ...run, reason: "overlap", wakeAt: now }] });
  await store.claims.claim({ runs: [run], claimant: CLAIMANT, now, firedAfter: 0 });
  await store.claims.heartbeat({ leases: [{ runId, token: "t1" }], leaseMs: LEASE_MS, now });
  await store.claims.settle({ settlements: [{ runId, token: "t1", result: SUCCESS, finishedAt: now }], now });
  await store.announcements.announced([runId]);
}

/** A run in progress, others that wait for it, cancel it or are checked again, and a job with too many runs to be read at once. */
async function overlapOnce(store: Store, { tenantId }: Job): Promise<void> {
  const job = await addJob(store, { id: "overlap", definition: { overlap: "cancel_running" } });
  const crowded = await addJob(store, { id: "crowded", definition: { overlap: "buffer_all" } });
  const claimAt = (runs: readonly DueRun[], token: string, now: number) =>
    store.claims.claim({ runs, claimant: { ...CLAIMANT, token }, now, firedAfter: 0 });
  const holder = await addRun(store, job, { name: "holder" });
  await claimAt([holder], "holder", START);
  const late = [await addRun(store, job, { now: START + SECOND, name: "b" }), await addRun(store, job, { now: START + MINUTE, name: "c" })];
  for (const run of late) await claimAt([run], run.runId, START + HOUR);
  await claimAt((await addRuns(store, crowded, { count: 25 })).slice(-1), "crowded", START + HOUR);
  await store.dueRuns.wake({ ...RANGE, now: START + DAY });
  await store.claims.settle({ settlements: [{ runId: holder.runId, token: "holder", result: SUCCESS, finishedAt: START }], now: START });
  for (const { runId } of late) await store.control.cancel(tenantId, { runId, now: START });
}

/** It names the rows by id: they are found by the index of ids, whatever other conditions it has. */
export const asksForIds = (filter: object): boolean => "_id" in filter && /"\$(eq|in)"/.test(JSON.stringify(filter._id));
