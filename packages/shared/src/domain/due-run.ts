import type { Instant } from "./instant.ts";
import type { Job } from "./job.ts";
import type { JobDefinition } from "./job-definition.ts";
import type { JsonObject } from "./json.ts";
import type { RetryPolicy } from "./retry-policy.ts";
import { isExclusive } from "./overlap.ts";
import type { LastRun, RunCause } from "./run.ts";

/**
 * Runs rescued this often are suspects: one of them may end each process that runs it. An executor runs them alone, one at a time, so that it
 * takes no neighbours along.
 */
export const SUSPECT_RESCUES_MIN = 2;

/** Everything an executor needs to claim and run one attempt. It is the data of `JobDue`. */
export interface DueRun {
  readonly tenantId: string;
  readonly runId: string;
  readonly jobUid: string;
  readonly jobId: string;
  readonly jobVersion: number;
  readonly slot: number;
  readonly queue: string;
  readonly handler: string;
  readonly cause: RunCause;
  readonly scheduledFor: Instant;
  readonly attempt: number;
  /** Failed attempts so far: what `retry.maxAttempts` counts. */
  readonly failures: number;
  /** Times its executor vanished. A run rescued twice is claimed alone, so that it takes no neighbours with it. */
  readonly rescues: number;
  /** Start of the first attempt; null before it. */
  readonly firstStartedAt: Instant | null;
  /** Its overlap policy lets no other run of the job be in progress beside it. */
  readonly exclusive: boolean;
  readonly params: JsonObject;
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  readonly onUncertain: JobDefinition["onUncertain"];
  /** Workers of one executor that runs of the job may hold; null: the share that each job has there. */
  readonly workersMax: number | null;
  readonly lastRun: LastRun | null;
}

/** A run as it is just after its fire: first attempt, nothing failed. */
export const firstDueRun = (job: Job, run: { runId: string; cause: RunCause; scheduledFor: Instant }): DueRun => ({
  tenantId: job.tenantId,
  runId: run.runId,
  jobUid: job.uid,
  jobId: job.id,
  jobVersion: job.version,
  slot: job.slot,
  queue: job.definition.queue,
  handler: job.definition.handler,
  cause: run.cause,
  scheduledFor: run.scheduledFor,
  attempt: 1,
  failures: 0,
  rescues: 0,
  firstStartedAt: null,
  exclusive: isExclusive(job.definition.overlap),
  params: job.definition.params,
  timeoutMs: job.definition.timeoutMs,
  retry: job.definition.retry,
  onUncertain: job.definition.onUncertain,
  workersMax: job.definition.workersMax ?? null,
  lastRun: job.lastRun,
});

/**
 * How often the run was given back before its end: by executors that were stopped, or that lost its lease. Every start raises
 * `attempt`; each attempt before this one has failed, was rescued, or was given back.
 */
export const releasesOf = ({ attempt, failures, rescues }: Pick<DueRun, "attempt" | "failures" | "rescues">): number =>
  attempt - 1 - failures - rescues;

/** The right to run one attempt: the token guards the store. `leaseMs` null: a lease that no clock can end. */
export interface ClaimedRun {
  readonly run: DueRun;
  readonly token: string;
  readonly leaseMs: number | null;
  readonly startedAt: Instant;
}

/** What an attempt of a run never changes. A message that says something else of it than the store holds is not about that attempt. */
const COMPARED = [
  "tenantId",
  "jobUid",
  "jobId",
  "jobVersion",
  "slot",
  "queue",
  "handler",
  "cause",
  "scheduledFor",
  "failures",
  "rescues",
] as const;
export type ComparedField = (typeof COMPARED)[number];

/** The first field in which a message differs from what the store holds of the same run; null: none. */
export const differingField = (said: Pick<DueRun, ComparedField>, held: Pick<DueRun, ComparedField>): ComparedField | null =>
  COMPARED.find((field) => said[field] !== held[field]) ?? null;

/** Why a claim refuses a message. `execution`: queue, handler, params, timeout, retry policy, `onUncertain` or `workersMax`. */
export const differs = (field: ComparedField | "execution"): string =>
  field === "execution"
    ? "its handler, params or policies are not those of the run's definition"
    : `its ${field} is not that of the run in the store`;
