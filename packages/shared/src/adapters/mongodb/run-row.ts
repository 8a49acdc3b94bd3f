import { Schema } from "mongoose";
import type { RunCancel } from "../../domain/cancel.ts";
import type { FireEntry } from "../../domain/fire.ts";
import type { Instant } from "../../domain/instant.ts";
import type { JobDefinition } from "../../domain/job-definition.ts";
import { isExclusive, type OverlapPolicy } from "../../domain/overlap.ts";
import type { Reason } from "../../domain/reason.ts";
import type { AttemptState, RunCause } from "../../domain/run.ts";
import type { AttemptError, RunError } from "../../domain/run-error.ts";
import { isTerminal, type RunState } from "../../domain/run-state.ts";

type Absent = undefined;

/** A `due` run: waits to be published, was published, or was put aside until `wakeAt`. */
export const STANDINGS = ["publishable", "published", "deferred"] as const;
export type Standing = (typeof STANDINGS)[number];

/** In filters. */
export const standing = (value: Standing) => ({ standing: { $eq: value } });
/** The same: put aside until executors have its handler. Put aside for another reason, a run waits for a time. */
export const FOR_UNKNOWN_HANDLER = { ...standing("deferred"), reason: { $eq: "unknown_handler" } } as const;

export interface AttemptRow {
  readonly attempt: number;
  readonly state: AttemptState;
  readonly startedAt: Instant;
  readonly finishedAt?: Instant | Absent;
  readonly executor: string;
  readonly error?: AttemptError | Absent;
}

/**
 * A run as the store keeps it. What is null elsewhere is absent here, so that rows are small and that partial indexes
 * hold only the rows that have something to wait for.
 */
export interface RunRow {
  readonly _id: string;
  readonly tenantId: string;
  readonly jobUid: string;
  readonly jobId: string;
  readonly jobVersion: number;
  readonly slot: number;
  readonly definitionHash: string;
  readonly queue: string;
  readonly handler: string;
  readonly exclusive: boolean;
  /** Absent in rows of the first release, which knew `skip` (exclusive) and `allow`. */
  readonly overlap?: OverlapPolicy | Absent;
  readonly onUncertain: JobDefinition["onUncertain"];
  readonly cause: RunCause;
  readonly scheduledFor: Instant;
  readonly count: number;
  readonly scheduledForLast?: Instant | Absent;
  readonly retryOf?: string | Absent;
  readonly firedAt: Instant;
  readonly state: RunState;
  readonly reason?: Reason | Absent;
  readonly attempt: number;
  readonly failures: number;
  readonly rescues: number;
  readonly attempts: readonly AttemptRow[];
  readonly firstStartedAt?: Instant | Absent;
  readonly startedAt?: Instant | Absent;
  readonly finishedAt?: Instant | Absent;
  /** JSON text, for the sake of its keys. */
  readonly output?: string | Absent;
  readonly error?: RunError | Absent;
  readonly cancelRequested?: true | Absent;
  /** Who asked for a cancel first. Absent where a version before this one noted the request. */
  readonly cancel?: RunCancel | Absent;
  readonly standing?: Standing | Absent;
  /** The wait of the latest publication, which the next one doubles. */
  readonly repeatMs?: number | Absent;
  /** When it was put aside last, to wait for another run of its job. Goes with its next start. */
  readonly asideAt?: Instant | Absent;
  /** When to look at it again: a retry, a repeat, a deferral; the end of the lease while it runs. */
  readonly wakeAt?: Instant | Absent;
  /** The first instant at which a run that was never started has waited too long. Goes with its first start. */
  readonly expiresAt?: Instant | Absent;
  /** When it became due again: by a retry, a rescue or a release. Before that it is due since `firedAt`. */
  readonly dueAt?: Instant | Absent;
  /** The latest wait for another run of its job, which the next one doubles. Goes with its start. */
  readonly waitMs?: number | Absent;
  /** Others of its job may wait for it to end. Whatever makes it end, or wait itself, makes the oldest of them publishable. */
  readonly wakes?: true | Absent;
  /**
   * Beside `jobUid` under a unique index: while an exclusive run is running. The first release left it on runs that were retrying or due
   * again; there it means nothing, and a claim that meets it takes it away.
   */
  readonly lockKey?: 1 | Absent;
  /** Of the latest claim. Holds a lease while the run is running; after that it answers a repeated settlement. */
  readonly token?: string | Absent;
  readonly leaseMs?: number | Absent;
  /** What the holder of `token` was answered when it settled. */
  readonly settledAs?: "ended" | "retrying" | "released" | Absent;
  readonly retryAt?: Instant | Absent;
  /** When it completed (`isCompleted`), by the store's clock: what is to be folded into its job. Never on what was skipped or missed. */
  readonly settledAt?: Instant | Absent;
  /** When it finished, as long as the bus has not acknowledged the event that says so. */
  readonly announce?: Instant | Absent;
  /** The token of the fire that made it, then of the batch that changed it last where who did it has to be read back. */
  readonly changedBy?: string | Absent;
}

/** It is due, and was put aside until another run of its job ends. */
export const waitsForAnother = ({ standing, reason }: RunRow): boolean => standing === "deferred" && reason === "overlap";

/** The policy it was fired under. */
export const policyOf = ({ overlap, exclusive }: RunRow): OverlapPolicy => overlap ?? (exclusive ? "skip" : "allow");

/** What the run takes from its job, and from the definition it is fired under. */
export interface RunOrigin {
  readonly tenantId: string;
  readonly jobUid: string;
  readonly jobId: string;
  readonly jobVersion: number;
  readonly slot: number;
  readonly definitionHash: string;
  readonly definition: JobDefinition;
}

export function newRunRow(
  runId: string,
  origin: RunOrigin,
  entry: Omit<FireEntry, "definitionHash"> & { readonly firedAt: Instant; readonly token: string },
): RunRow {
  const { definition, ...job } = origin;
  const { firedAt, scheduledFor, state } = entry;
  const expiresAt = definition.expireAfterMs === null ? undefined : scheduledFor + definition.expireAfterMs + 1;
  return {
    _id: runId,
    ...job,
    queue: definition.queue,
    handler: definition.handler,
    exclusive: isExclusive(definition.overlap),
    overlap: definition.overlap,
    onUncertain: definition.onUncertain,
    cause: entry.cause,
    scheduledFor,
    count: entry.count,
    scheduledForLast: entry.scheduledForLast ?? undefined,
    retryOf: entry.retryOf ?? undefined,
    firedAt,
    state,
    reason: entry.reason ?? undefined,
    attempt: 1,
    failures: 0,
    rescues: 0,
    attempts: [],
    changedBy: entry.token,
    ...(isTerminal(state) ? { finishedAt: firedAt, announce: firedAt } : { standing: "publishable", expiresAt }),
  };
}

const { Mixed } = Schema.Types;

export const runSchema = new Schema(
  {
    _id: String,
    tenantId: String,
    jobUid: String,
    jobId: String,
    jobVersion: Number,
    slot: Number,
    definitionHash: String,
    queue: String,
    handler: String,
    exclusive: Boolean,
    overlap: String,
    onUncertain: String,
    cause: String,
    scheduledFor: Number,
    count: Number,
    scheduledForLast: Number,
    retryOf: String,
    firedAt: Number,
    state: String,
    reason: String,
    attempt: Number,
    failures: Number,
    rescues: Number,
    attempts: [Mixed],
    firstStartedAt: Number,
    startedAt: Number,
    finishedAt: Number,
    output: String,
    error: Mixed,
    cancelRequested: Boolean,
    cancel: Mixed,
    standing: String,
    repeatMs: Number,
    asideAt: Number,
    wakeAt: Number,
    expiresAt: Number,
    dueAt: Number,
    waitMs: Number,
    wakes: Boolean,
    lockKey: Number,
    token: String,
    leaseMs: Number,
    settledAs: String,
    retryAt: Number,
    settledAt: Number,
    announce: Number,
    changedBy: String,
  } as never,
  { collection: "runs", versionKey: false, minimize: false, strict: "throw", autoIndex: false, autoCreate: false },
);
