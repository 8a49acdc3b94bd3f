import { z } from "zod";
import { type Instant, InstantSchema } from "../time/instant.ts";
import type { Job } from "../job/job.ts";
import { ExecutionSchema, pickExecution, type Executable } from "../job/job-definition.ts";
import { isExclusive } from "../policy/overlap.ts";
import {
  identifyRun,
  LastRunSchema,
  pickRunIdentity,
  RunIdentitySchema,
  RunOutcomeSchema,
  type LastRun,
  type RunIdentity,
  type RunOrigin,
} from "./run.ts";
import { SlotSchema } from "../slot.ts";

/**
 * Runs rescued this often go to quarantine: one of them may crash each process that runs it. An executor runs them alone, one at a time, so
 * that a crash ends no other run.
 */
export const QUARANTINE_RESCUES_MIN = 2;

const { tenantId, runId, jobUid, jobId, ...ofJob } = RunIdentitySchema.shape;
const { queue: _queue, handler: _handler, ...execution } = ExecutionSchema.shape;

/** Everything an executor needs to claim and run one attempt. It is the data of `JobDue`. */
export const DueRunSchema = z.object({
  tenantId,
  runId,
  jobUid,
  jobId,
  slot: SlotSchema,
  ...ofJob,
  attempt: RunOutcomeSchema.shape.attempt,
  /** What `retry.maxAttempts` counts. */
  failures: z.int().meta({ description: "Failed attempts so far." }),
  /** A run rescued twice is claimed alone, so that a crash ends no other run. */
  rescues: z.int().meta({ description: "Times its executor vanished." }),
  /** Start of the first attempt; null before it. */
  firstStartedAt: InstantSchema.nullable(),
  exclusive: z.boolean().meta({ description: "No other run of the job may be in progress beside it." }),
  ...execution,
  lastRun: LastRunSchema.meta({ title: "LastRun", description: "The job's run before this one." }).nullable(),
});
export type DueRun = Readonly<z.output<typeof DueRunSchema>>;

/** The fields that a run takes from its job at the fire. */
export const toRunOrigin = ({ tenantId, uid, id, version, slot, definition }: Job): RunOrigin => ({
  tenantId,
  jobUid: uid,
  jobId: id,
  jobVersion: version,
  slot,
  definition,
});

/** The stored fields of a run that its next executor needs. */
export type DueFacts = RunIdentity & Pick<DueRun, "slot" | "attempt" | "failures" | "rescues" | "firstStartedAt" | "exclusive">;

/** Only one spread: each further one takes longer than all other work here, and this runs for every run. */
export function makeDueRun(run: DueFacts, definition: Executable, lastRun: LastRun | null): DueRun {
  const { params, timeoutMs, retry, onUncertain, workersMax } = pickExecution(definition);
  return {
    ...pickRunIdentity(run),
    slot: run.slot,
    attempt: run.attempt,
    failures: run.failures,
    rescues: run.rescues,
    firstStartedAt: run.firstStartedAt,
    exclusive: run.exclusive,
    params,
    timeoutMs,
    retry,
    onUncertain,
    workersMax,
    lastRun,
  };
}

/** A run as it is just after its fire: first attempt, nothing failed. */
export function firstDueRun(job: Job, run: Pick<RunIdentity, "runId" | "cause" | "scheduledFor">): DueRun {
  const exclusive = isExclusive(job.definition.overlap);
  const facts = {
    ...identifyRun(toRunOrigin(job), run),
    slot: job.slot,
    attempt: 1,
    failures: 0,
    rescues: 0,
    firstStartedAt: null,
    exclusive,
  };
  return makeDueRun(facts, job.definition, job.lastRun);
}

/**
 * How often the run was released before its end: by executors that stopped, or that lost its lease. Every start raises
 * `attempt`; each earlier attempt failed, was rescued, or was released.
 */
export const countReleases = ({ attempt, failures, rescues }: Pick<DueRun, "attempt" | "failures" | "rescues">): number =>
  attempt - 1 - failures - rescues;

/** The right to run one attempt: the token guards the store. `leaseMs` null: a lease that no clock can end. */
export interface ClaimedRun {
  readonly run: DueRun;
  readonly token: string;
  readonly leaseMs: number | null;
  readonly startedAt: Instant;
}

/**
 * The fields that an attempt never changes. A message that differs from the store in one of them is not about that attempt. The priority
 * is left out: it does not matter for an attempt, and schedulers of older versions do not send it.
 */
export type ComparedField = Exclude<keyof RunIdentity, "runId" | "priority"> | "slot" | "failures" | "rescues";
const { runId: _runId, priority: _priority, ...compared } = RunIdentitySchema.shape;
const COMPARED = [...Object.keys(compared), "slot", "failures", "rescues"] as readonly ComparedField[];

/** The first field in which a message differs from the stored run; null: none. */
export const differingField = (said: Pick<DueRun, ComparedField>, held: Pick<DueRun, ComparedField>): ComparedField | null =>
  COMPARED.find((field) => said[field] !== held[field]) ?? null;

/** Why a claim refuses a message. `execution`: queue, handler, params, timeout, retry policy, `onUncertain` or `workersMax`. */
export const differs = (field: ComparedField | "execution"): string =>
  field === "execution"
    ? "its handler, params or policies are not those of the run's definition"
    : `its ${field} is not that of the run in the store`;
