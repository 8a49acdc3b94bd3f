import { z } from "zod";
import { InstantSchema } from "../time/instant.ts";
import type { JobDefinition } from "./job-definition.ts";
import { LastRunSchema } from "../run/run.ts";
import { RUN_STATES, type RunState } from "../run/run-state.ts";
import { SlotSchema } from "../slot.ts";

/** Until there are API keys, every request belongs to this tenant. */
export const DEFAULT_TENANT = "default";

/** `finished`: its schedule has no further instant. `deleted`: a tombstone, seen by sweeps alone. */
export const JOB_STATES = ["active", "paused", "finished"] as const;
export type JobState = (typeof JOB_STATES)[number] | "deleted";

/** State of the latest run that started or ended; `pending` before the first. */
export type JobStatusName = "pending" | RunState;

/** Misfires counted so far during the recovery from a long outage, one bounded step a tick. Recorded as one range. */
const OpenMisfiresSchema = z.object({ first: InstantSchema, last: InstantSchema, count: z.int() });
export type OpenMisfires = Readonly<z.output<typeof OpenMisfiresSchema>>;

/**
 * The cursor of a job in its schedule. It changes by fires and by edits, always in one compare-and-set on
 * (`version`, `nextRunAt`).
 */
export const ScheduleCursorSchema = z.object({
  /** The next nominal instant not yet accounted for; null when there is none. */
  nextRunAt: InstantSchema.nullable(),
  lastScheduledFor: InstantSchema.nullable(),
  /** Scheduled fires so far, which is what `maxRuns` counts. */
  firedCount: z.int(),
  misfires: OpenMisfiresSchema.readonly().nullable(),
  state: z.enum([...JOB_STATES, "deleted"]),
});
export type ScheduleCursor = Readonly<z.output<typeof ScheduleCursorSchema>>;

export const pickCursor = ({ nextRunAt, lastScheduledFor, firedCount, misfires, state }: ScheduleCursor): ScheduleCursor => ({
  nextRunAt,
  lastScheduledFor,
  firedCount,
  misfires,
  state,
});

/** A job without its definition: identity, cursor and projected status. */
export const JobRecordSchema = z.object({
  tenantId: z.string(),
  /** Minted at creation; another job under the same `id` has another. */
  uid: z.string(),
  id: z.string(),
  /** Counts changes of the definition and of pause, never fires. From 1. */
  version: z.int(),
  definitionHash: z.string(),
  slot: SlotSchema,
  ...ScheduleCursorSchema.shape,
  status: z.enum(["pending", ...RUN_STATES]),
  lastRun: LastRunSchema.readonly().nullable(),
  createdAt: InstantSchema,
  updatedAt: InstantSchema,
});
export type JobRecord = Readonly<z.output<typeof JobRecordSchema>>;

export const pickJobRecord = (from: JobRecord): JobRecord => ({
  tenantId: from.tenantId,
  uid: from.uid,
  id: from.id,
  version: from.version,
  definitionHash: from.definitionHash,
  slot: from.slot,
  ...pickCursor(from),
  status: from.status,
  lastRun: from.lastRun,
  createdAt: from.createdAt,
  updatedAt: from.updatedAt,
});

/** A job as the store holds it. */
export interface Job extends JobRecord {
  readonly definition: JobDefinition;
  /**
   * Why this version cannot read the stored job; absent if it can. Such a job does not fire. If
   * its definition cannot be read, `definition` is a stand-in (`standInDefinition`).
   */
  readonly unreadable?: string;
}

/** The job as lists show it when the request does not ask for params. */
export const withoutParams = (job: Job): Job => ({ ...job, definition: { ...job.definition, params: {} } });
