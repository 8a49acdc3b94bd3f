import type { RunCancel } from "./cancel.ts";
import type { Instant } from "./instant.ts";
import type { JsonValue } from "./json.ts";
import type { Reason } from "./reason.ts";
import type { AttemptError, RunError } from "./run-error.ts";
import type { RunState } from "./run-state.ts";

/** Why a run exists: its schedule, `POST /jobs/:id/trigger`, or `POST /runs/:id/retry`. */
export const RUN_CAUSES = ["schedule", "manual", "retry"] as const;
export type RunCause = (typeof RUN_CAUSES)[number];

/** One try of a run, as its history shows it. `state` is what became of the attempt, not of the run. */
export interface Attempt {
  readonly attempt: number;
  readonly state: AttemptState;
  readonly startedAt: Instant;
  readonly finishedAt: Instant | null;
  readonly executor: string;
  readonly error: AttemptError | null;
}

/** `released`: given back at shutdown before it could finish. `lost`: its executor vanished. */
export type AttemptState = "running" | "succeeded" | "failed" | "cancelled" | "released" | "lost";

/** Attempts kept in a run's history; beyond it the oldest are dropped, and `attempt` still counts them. */
export const ATTEMPTS_KEPT_MAX = 20;

/** What became of one `scheduledFor`, or of one manual trigger: exactly one record, also when it did not run. */
export interface Run {
  readonly tenantId: string;
  readonly runId: string;
  readonly jobUid: string;
  readonly jobId: string;
  readonly jobVersion: number;
  readonly handler: string;
  readonly queue: string;
  readonly cause: RunCause;
  readonly scheduledFor: Instant;
  /** Instants this record stands for: above 1 only for a `missed` or `skipped` range that ends at `scheduledForLast`. */
  readonly count: number;
  readonly scheduledForLast: Instant | null;
  readonly state: RunState;
  readonly reason: Reason | null;
  readonly attempt: number;
  readonly attempts: readonly Attempt[];
  /** Start of the first attempt. */
  readonly firstStartedAt: Instant | null;
  /** Start of the latest attempt. */
  readonly startedAt: Instant | null;
  readonly finishedAt: Instant | null;
  readonly output: JsonValue;
  readonly error: RunError | null;
  readonly retryOf: string | null;
  readonly cancelRequested: boolean;
  /** Null: nobody asked for it, or a version that did not note who. */
  readonly cancel: RunCancel | null;
  /** When something is to happen to it next: a retry, a deferred or repeated publication, its expiry. */
  readonly wakeAt: Instant | null;
}

/** What a job remembers of its latest run that started or ended. */
export interface LastRun {
  readonly runId: string;
  readonly state: RunState;
  readonly scheduledFor: Instant;
  readonly startedAt: Instant | null;
  readonly finishedAt: Instant | null;
  readonly attempt: number;
  readonly error: RunError | null;
}

/** As lists show it that nobody asked for outputs. */
export const withoutOutput = (run: Run): Run => (run.output === null ? run : { ...run, output: null });
