import type { Instant } from "./instant.ts";
import type { JobDefinition } from "./job-definition.ts";
import type { LastRun } from "./run.ts";
import type { RunState } from "./run-state.ts";

/** Until there are API keys, every request belongs to this tenant. */
export const DEFAULT_TENANT = "default";

/** `finished`: its schedule has no further instant. `deleted`: a tombstone, seen by sweeps alone. */
export const JOB_STATES = ["active", "paused", "finished"] as const;
export type JobState = (typeof JOB_STATES)[number] | "deleted";

/** State of the latest run that started or ended; `pending` before the first. */
export type JobStatusName = "pending" | RunState;

/** Misfires counted so far while a long outage is caught up with, one bounded step a tick. Closed as one range. */
export interface OpenMisfires {
  readonly first: Instant;
  readonly last: Instant;
  readonly count: number;
}

/**
 * Where a job stands in its schedule. It changes by fires and by edits, always in one compare-and-set on
 * (`version`, `nextRunAt`).
 */
export interface ScheduleCursor {
  /** The next nominal instant not yet accounted for; null when there is none. */
  readonly nextRunAt: Instant | null;
  readonly lastScheduledFor: Instant | null;
  /** Scheduled fires so far, which is what `maxRuns` counts. */
  readonly firedCount: number;
  readonly misfires: OpenMisfires | null;
  readonly state: JobState;
}

/** A job as the store holds it: the definition, where it stands in its schedule, and the projected status. */
export interface Job extends ScheduleCursor {
  readonly tenantId: string;
  /** Minted at creation; another job under the same `id` has another. */
  readonly uid: string;
  readonly id: string;
  /** Counts changes of the definition and of pause, never fires. From 1. */
  readonly version: number;
  readonly definitionHash: string;
  readonly definition: JobDefinition;
  readonly slot: number;
  readonly status: JobStatusName;
  readonly lastRun: LastRun | null;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  /**
   * Why what is stored of it cannot be read by this version; absent where all of it can. Such a job fires nothing, and where
   * its definition is what cannot be read, a stand-in is in its place (`standInDefinition`).
   */
  readonly unreadable?: string;
}

/** As lists show it that nobody asked for params. */
export const withoutParams = (job: Job): Job => ({ ...job, definition: { ...job.definition, params: {} } });
