import type { Instant } from "../time/instant.ts";
import type { Job, ScheduleCursor } from "../job/job.ts";
import type { Reason } from "../run/reason.ts";
import type { RunCause } from "../run/run.ts";
import type { BornState } from "../run/run-state.ts";

/** Most runs one fire may create. */
export const FIRE_ENTRIES_MAX = 32;

/** One run that a fire creates. Its id is derived from (job uid, cause, scheduledFor, key): see `makeRunId`. */
export interface FireEntry {
  readonly cause: RunCause;
  readonly scheduledFor: Instant;
  /** Above 1 only for a `missed` or `skipped` range, which ends at `scheduledForLast`. */
  readonly count: number;
  readonly scheduledForLast: Instant | null;
  readonly state: BornState;
  readonly reason: Reason | null;
  /** The idempotency key of a manual trigger or retry; null for scheduled runs. */
  readonly key: string | null;
  /** The definition row the run uses: the job's, or one of its own when *trigger now* overrides params. */
  readonly definitionHash: string;
  readonly retryOf: string | null;
}

/** The entry of an instant that the schedule of a job produced, due unless the rest says otherwise. */
export const scheduledEntry = ({ definitionHash }: Pick<Job, "definitionHash">, scheduledFor: Instant): FireEntry => ({
  cause: "schedule",
  scheduledFor,
  count: 1,
  scheduledForLast: null,
  state: "due",
  reason: null,
  key: null,
  definitionHash,
  retryOf: null,
});

/**
 * One compare-and-set on one job, and the runs it creates. It wins only while the stored job still has the `version`
 * of `job`, is not deleted and, if `advance` is given, also has its `nextRunAt` and is active. A lost fire created
 * nothing: an edit, a pause or another leader came first.
 */
export interface Fire {
  readonly job: Job;
  /** The next cursor of the schedule; null for a manual trigger, which leaves the cursor as it is. */
  readonly advance: ScheduleCursor | null;
  readonly entries: readonly FireEntry[];
}
