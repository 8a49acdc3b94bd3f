import { z } from "zod";
import type { RunCancel } from "../../../domain/run/cancel.ts";
import type { FireEntry } from "../../../domain/fire/fire.ts";
import { type Instant, InstantSchema } from "../../../domain/time/instant.ts";
import { ExecutionSchema } from "../../../domain/job/job-definition.ts";
import { isExclusive, OVERLAP_POLICIES, type OverlapPolicy } from "../../../domain/policy/overlap.ts";
import { PRIORITY_DEFAULT } from "../../../domain/queue/priority.ts";
import { REASONS } from "../../../domain/run/reason.ts";
import { identifyRun, RunIdentitySchema, type Attempt, type RunOrigin } from "../../../domain/run/run.ts";
import type { AttemptError, RunError } from "../../../domain/run/run-error.ts";
import { isTerminal, RUN_STATES } from "../../../domain/run/run-state.ts";
import { SlotSchema } from "../../../domain/slot.ts";
import { rowSchema } from "../collections/row-schema.ts";

/** A `due` run: waits to be published, was published, or is deferred until `wakeAt`. */
export const STANDINGS = ["publishable", "published", "deferred"] as const;
export type Standing = (typeof STANDINGS)[number];

/** In filters. */
export const standing = (value: Standing) => ({ standing: { $eq: value } });
/** The same: deferred until executors have its handler. A run that is deferred for another reason waits for a time. */
export const FOR_UNKNOWN_HANDLER = { ...standing("deferred"), reason: { $eq: "unknown_handler" } } as const;

export type AttemptRow = Omit<Attempt, "finishedAt" | "error"> & {
  readonly finishedAt?: Instant | undefined;
  readonly error?: AttemptError | undefined;
};

const instant = InstantSchema.optional();
const { runId: _runId, priority: _priority, ...identity } = RunIdentitySchema.shape;

/**
 * A run as the store keeps it. Fields that are null elsewhere are absent here, so that rows are small and partial indexes
 * have only the rows that wait for something.
 */
const RunRowSchema = z.object({
  _id: z.string(),
  ...identity,
  /**
   * Its priority, as the difference above or below the default; neither: the default, as for all runs of versions without priorities. MongoDB sorts
   * a field that is absent before all numbers, so `IN_PUBLICATION_ORDER` needs two.
   */
  raisedBy: z.int().optional(),
  loweredBy: z.int().optional(),
  slot: SlotSchema,
  definitionHash: z.string(),
  exclusive: z.boolean(),
  /** Absent in rows of the first release, which knew `skip` (exclusive) and `allow`. */
  overlap: z.enum(OVERLAP_POLICIES).optional(),
  onUncertain: ExecutionSchema.shape.onUncertain,
  count: z.int(),
  scheduledForLast: instant,
  retryOf: z.string().optional(),
  firedAt: InstantSchema,
  state: z.enum(RUN_STATES),
  reason: z.enum(REASONS).optional(),
  attempt: z.int(),
  failures: z.int(),
  rescues: z.int(),
  attempts: z.array(z.custom<AttemptRow>()).readonly(),
  firstStartedAt: instant,
  startedAt: instant,
  finishedAt: instant,
  /** JSON text, because its keys may be any text. */
  output: z.string().optional(),
  error: z.custom<RunError>().optional(),
  cancelRequested: z.boolean().optional(),
  /** Who requested a cancel first. Absent if an earlier version recorded the request. */
  cancel: z.custom<RunCancel>().optional(),
  standing: z.enum(STANDINGS).optional(),
  /** The wait of the latest publication, which the next one doubles. */
  repeatMs: z.int().optional(),
  /** When it was last deferred to wait for another run of its job. Removed at its next start. */
  asideAt: instant,
  /** When it is checked again: a retry, a repeat, a deferral; the end of the lease while it runs. */
  wakeAt: instant,
  /** The first instant at which a run that was never started has waited too long. Removed at its first start. */
  expiresAt: instant,
  /** When it became due again: by a retry, a rescue or a release. Before that it is due since `firedAt`. */
  dueAt: instant,
  /** The latest wait for another run of its job, which the next one doubles. Removed at its start. */
  waitMs: z.int().optional(),
  /** Other runs of its job may wait for its end. The write that ends it, or makes it wait itself, makes the oldest of them publishable. */
  wakes: z.boolean().optional(),
  /**
   * In a unique index with `jobUid`; set while an exclusive run is running. The first release left it on runs that were retrying or due
   * again; there it has no meaning, and a claim that finds it removes it.
   */
  lockKey: z.int().optional(),
  /** Of the latest claim. Holds a lease while the run is running; after that it identifies a repeated settlement. */
  token: z.string().optional(),
  leaseMs: z.int().optional(),
  /** The answer to the settlement of the holder of `token`. */
  settledAs: z.enum(["ended", "retrying", "released"]).optional(),
  retryAt: instant,
  /** When it completed (`isCompleted`), by the store's clock. Such runs are applied to the status of their job. Absent on skipped and missed runs. */
  settledAt: instant,
  /** When it finished, until the bus has acknowledged the event of its end. */
  announce: instant,
  /** The token of the fire that made it, then of the batch that changed it last, if the author of the change has to be read back. */
  changedBy: z.string().optional(),
});
export type RunRow = Readonly<z.output<typeof RunRowSchema>>;
export const runSchema = rowSchema("runs", RunRowSchema);

/** It is due, and is deferred until another run of its job ends. */
export const waitsForAnother = ({ standing, reason }: RunRow): boolean => standing === "deferred" && reason === "overlap";

/** The order in which runs of one queue are published. */
export const IN_PUBLICATION_ORDER = { raisedBy: -1, loweredBy: 1, _id: 1 } as const;

const UP_TO: readonly (number | null)[] = [null, ...Array.from({ length: PRIORITY_DEFAULT }, (_, index) => index + 1)];
/** For a filter that is sorted by id: the server merges the orders of the values. */
export const OF_ANY_PRIORITY = { raisedBy: { $in: UP_TO }, loweredBy: { $in: UP_TO } } as const;

type RunPlace = Pick<RunRow, "raisedBy" | "loweredBy">;

export const toRunPlace = (priority: number): RunPlace => ({
  raisedBy: priority > PRIORITY_DEFAULT ? priority - PRIORITY_DEFAULT : undefined,
  loweredBy: priority < PRIORITY_DEFAULT ? PRIORITY_DEFAULT - priority : undefined,
});

export const readPriority = ({ raisedBy = 0, loweredBy = 0 }: RunPlace): number => PRIORITY_DEFAULT + raisedBy - loweredBy;

/** The policy it was fired under. */
export const readPolicy = ({ overlap, exclusive }: RunRow): OverlapPolicy => overlap ?? (exclusive ? "skip" : "allow");

export function newRunRow(
  runId: string,
  origin: RunOrigin & Pick<RunRow, "definitionHash">,
  entry: Omit<FireEntry, "definitionHash"> & { readonly firedAt: Instant; readonly token: string },
): RunRow {
  const { definition, definitionHash, slot } = origin;
  const { firedAt, scheduledFor, state } = entry;
  const { runId: _id, priority, ...identity } = identifyRun(origin, { ...entry, runId });
  const expiresAt = definition.expireAfterMs === null ? undefined : scheduledFor + definition.expireAfterMs + 1;
  return {
    _id,
    ...identity,
    ...toRunPlace(priority),
    slot,
    definitionHash,
    exclusive: isExclusive(definition.overlap),
    overlap: definition.overlap,
    onUncertain: definition.onUncertain,
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
