import { expect } from "@jest/globals";
import { sha256 } from "../../adapters/system/digest.ts";
import type { ClaimedRun, DueRun } from "../../domain/run/due-run.ts";
import type { Fire } from "../../domain/fire/fire.ts";
import type { Instant } from "../../domain/time/instant.ts";
import type { Job } from "../../domain/job/job.ts";
import { definitionHash } from "../../domain/job/job-definition.ts";
import type { Run } from "../../domain/run/run.ts";
import type { AttemptResult, EndedRun } from "../../domain/run/settlement.ts";
import { ALL_SLOTS } from "../../domain/slot.ts";
import type { StatusChange } from "../../domain/job/status-change.ts";
import { jobEvent } from "../../events/job-event.ts";
import type { FireOutcome, RepairRequest } from "../../ports/jobs/due-jobs.ts";
import type { WakeResult } from "../../ports/runs/due-runs.ts";
import type { EndingQuery, LeaseView } from "../../ports/runs/run-leases.ts";
import type { ClaimOutcome, SettleOutcome } from "../../ports/runs/run-claims.ts";
import type { Store } from "../../ports/store/store.ts";
import { type JobOverrides, newJob, SECOND, START } from "../factories.ts";
import { newDueRun, newManualFire } from "../factories-fire.ts";

/** The calls of most tests, with the answers that a test needs. Each step fails if the store refuses. */

export const LEASE_MS = 15 * SECOND;
export const SUCCESS: AttemptResult = { kind: "succeeded", output: { ok: true } };
export const FAILURE: AttemptResult = { kind: "failed", error: { code: "http_status", message: "500", retryable: true } };
export const retryIn = (retryDelayMs: number): AttemptResult => ({
  kind: "retry",
  error: { code: "http_status", message: "503", retryable: true },
  retryDelayMs,
});
/** Number of callers in a race. */
export const RACERS = 20;

export const race = <Outcome>(attempt: (racer: number) => Promise<Outcome>): Promise<Outcome[]> =>
  Promise.all(Array.from({ length: RACERS }, (_, racer) => attempt(racer)));

export async function addJob(store: Store, overrides: JobOverrides = {}): Promise<Job> {
  const job = newJob(overrides);
  const outcome = await store.jobs.create(job.tenantId, { job, event: jobEvent("JobCreated", job) });
  expect(outcome.kind).toBe("created");
  return outcome.job;
}

export async function changeJob(store: Store, previous: Job, changes: Partial<Job>): Promise<Job> {
  const hash = definitionHash(sha256, changes.definition ?? previous.definition);
  const next = { ...previous, version: previous.version + 1, updatedAt: previous.updatedAt + SECOND, definitionHash: hash, ...changes };
  const event = jobEvent(next.state === "deleted" ? "JobDeleted" : "JobUpdated", next);
  const outcome = await store.jobs.change(previous.tenantId, { previous, next, event });
  if (outcome.kind !== "changed") throw new Error(`change of ${previous.id} was ${outcome.kind}`);
  return outcome.job;
}

export const deleteJob = (store: Store, job: Job, now: Instant = START): Promise<Job> =>
  changeJob(store, job, { state: "deleted", nextRunAt: null, updatedAt: now });

/** The present job, by its uid. */
export async function readJob(store: Store, job: Job): Promise<Job> {
  const [read] = await store.dueJobs.read([job.uid]);
  if (read === undefined) throw new Error(`no job ${job.uid}`);
  return read;
}

export async function fire(store: Store, request: Fire, now: Instant = START): Promise<FireOutcome> {
  const { outcomes } = await store.dueJobs.fire({ fires: [request], now, claimant: null, claimed: [] });
  expect(outcomes).toHaveLength(1);
  return outcomes[0] as FireOutcome;
}

/** Makes `count` due runs of a job, by *trigger now*. */
export async function addRuns(store: Store, job: Job, { count = 1, now = START, name = "key" } = {}): Promise<DueRun[]> {
  const request = newManualFire(job, { at: now, keys: Array.from({ length: count }, (_, index) => `${name}-${index}`) });
  expect((await fire(store, request, now)).kind).toBe("won");
  return request.entries.map((entry) => newDueRun(job, entry));
}

export async function addRun(store: Store, job: Job, options: { now?: Instant; name?: string } = {}): Promise<DueRun> {
  return only(await addRuns(store, job, options));
}

/** A job of its own, and one due run of it. */
export async function addJobWithRun(store: Store, overrides: JobOverrides = {}): Promise<{ readonly job: Job; readonly run: DueRun }> {
  const job = await addJob(store, overrides);
  return { job, run: await addRun(store, job) };
}

export interface ClaimOptions {
  readonly now?: Instant;
  readonly token?: string;
  readonly executor?: string;
  readonly firedAfter?: Instant;
}

export const claim = (
  store: Store,
  runs: readonly DueRun[],
  { now = START, token = "token-1", executor = "executor-1", firedAfter = 0 }: ClaimOptions = {},
): Promise<readonly ClaimOutcome[]> => store.claims.claim({ runs, claimant: { executor, token, leaseMs: LEASE_MS }, now, firedAfter });

export async function start(store: Store, run: DueRun, options: ClaimOptions = {}): Promise<ClaimedRun> {
  const outcome = only(await claim(store, [run], options));
  if (outcome.kind !== "won") throw new Error(`claim of ${run.runId} was ${outcome.kind}`);
  return outcome.claim;
}

export async function settle(
  store: Store,
  { run, token }: ClaimedRun,
  options: { result: AttemptResult; now?: Instant },
): Promise<SettleOutcome> {
  const { result, now = START } = options;
  return only(await store.claims.settle({ settlements: [{ runId: run.runId, token, result, finishedAt: now }], now }));
}

export async function end(store: Store, held: ClaimedRun, options: { result?: AttemptResult; now?: Instant } = {}): Promise<EndedRun> {
  const outcome = await settle(store, held, { result: SUCCESS, ...options });
  if (outcome.kind !== "ended") throw new Error(`settle of ${held.run.runId} was ${outcome.kind}`);
  return outcome.run;
}

export async function readRun(store: Store, { tenantId, runId }: { readonly tenantId: string; readonly runId: string }): Promise<Run> {
  const run = await store.runs.get(tenantId, runId);
  if (run === null) throw new Error(`no run ${runId}`);
  return run;
}

export const publishable = (store: Store, queue = "default", limit = 1_000): Promise<readonly DueRun[]> =>
  store.dueRuns.publishable({ shard: ALL_SLOTS, queue, limit });

export const wake = (store: Store, now: Instant, limit = 1_000): Promise<WakeResult> =>
  store.dueRuns.wake({ shard: ALL_SLOTS, now, limit });

export const ending = (store: Store, now: Instant, query: Partial<EndingQuery> = {}): Promise<readonly LeaseView[]> =>
  store.leases.ending({ shard: ALL_SLOTS, now, after: null, limit: 1_000, ...query });

/** As an executor without the handler does. */
export const defer = (store: Store, { runId, attempt }: DueRun): Promise<void> =>
  store.claims.defer({ deferrals: [{ runId, attempt, reason: "unknown_handler", wakeAt: null }] });

export const unannounced = (store: Store, endedBefore: Instant = Number.MAX_SAFE_INTEGER): Promise<readonly EndedRun[]> =>
  store.announcements.unannounced({ shard: ALL_SLOTS, endedBefore, limit: 1_000 });

/** Completes the fires that crashed, by default all of them. */
export const repair = (store: Store, request: Partial<RepairRequest> = {}): Promise<number> =>
  store.dueJobs.repair({ shard: ALL_SLOTS, firedBefore: Number.MAX_SAFE_INTEGER, limit: 10, ...request });

/** The ends of runs, as the projection applies them to their jobs. */
export const toStatusChanges = (runs: readonly EndedRun[]): StatusChange[] =>
  runs.map(({ tenantId, jobUid, runId, state, scheduledFor, startedAt, finishedAt, attempt, error }) => ({
    tenantId,
    jobUid,
    lastRun: { runId, state, scheduledFor, startedAt, finishedAt, attempt, error },
  }));

export const countKind = (outcomes: readonly { readonly kind: string }[], kind: string): number =>
  outcomes.filter((outcome) => outcome.kind === kind).length;

export const pickRunIds = (runs: readonly { readonly runId: string }[]): string[] => runs.map(({ runId }) => runId);

export function only<Item>(items: readonly Item[]): Item {
  expect(items).toHaveLength(1);
  return items[0] as Item;
}
