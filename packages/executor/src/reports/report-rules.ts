import type { DueRun } from "@tickline/shared/domain/due-run";
import { DEFAULT_TENANT } from "@tickline/shared/domain/job";
import { RUN_ID_PATTERN } from "@tickline/shared/domain/run-id";
import type { RunState } from "@tickline/shared/domain/run-state";
import type { AttemptHolder } from "@tickline/shared/ports/run-claims";
import { isForeignName } from "../executor-name.ts";
import type { ReportEvent } from "./report.ts";

/**
 * Why a report is not taken, and whether it goes to the dead letters. Those that do not are late, repeated, or of the slower of two that began
 * at once: they come with every bus and every restart, and nobody has to mend anything. All are counted.
 */
export const NOT_TAKEN = {
  /** The run has ended, or there is none: it may have been swept. */
  not_open: { deadLetter: false, reason: "the run is not open" },
  /** A later attempt is due or under way, or this one is over and waits for a retry. */
  stale_attempt: { deadLetter: false, reason: "the attempt is over" },
  /** Another executor has begun the attempt, and this one says that it has begun it too. */
  lost: { deadLetter: false, reason: "another executor has the attempt" },
  /** What becomes of an attempt, and that it goes on, is for the executor to say that began it. */
  other_executor: { deadLetter: true, reason: "another executor began the attempt" },
  unknown_attempt: { deadLetter: true, reason: "there has been no such attempt yet" },
  internal_queue: { deadLetter: true, reason: "the run is of a queue that no foreign executor serves" },
  wrong_queue: { deadLetter: true, reason: "its queue is not that of the run" },
  bad_executor: { deadLetter: true, reason: "its source is no name that a foreign executor may have" },
  bad_state: { deadLetter: true, reason: "its state is none that an executor reports" },
  unknown_tenant: { deadLetter: true, reason: "its tenant is not that of the run" },
  bad_run_id: { deadLetter: true, reason: "its runId is the id of no run" },
  not_a_report: { deadLetter: true, reason: "executors report by JobStarted, JobHeartbeat and JobCompleted alone" },
} as const satisfies Record<string, { readonly deadLetter: boolean; readonly reason: string }>;

export type NotTaken = keyof typeof NOT_TAKEN;

/** What a foreign executor can say of an end. What else becomes of a run is for Tickline to decide. */
const REPORTED_STATES: ReadonlySet<RunState> = new Set(["succeeded", "failed", "cancelled"]);

/** Why a report is not taken by what it says alone; null: the store has to tell. */
export function faultOfReport({ type, tenantId, source, data }: ReportEvent): NotTaken | null {
  if (!isForeignName(source)) return "bad_executor";
  if (tenantId !== DEFAULT_TENANT) return "unknown_tenant";
  if (!RUN_ID_PATTERN.test(data.runId)) return "bad_run_id";
  return type === "JobCompleted" && !REPORTED_STATES.has(data.state) ? "bad_state" : null;
}

/** A run of which something is reported, as the store has it. */
export interface ReportedRun {
  readonly run: DueRun;
  readonly holder: AttemptHolder;
}

/** Why a report of an open run is not taken; null: its executor has the attempt, or nobody has. */
export function faultOfStanding(event: ReportEvent, { run, holder }: ReportedRun, externalQueues: readonly string[]): NotTaken | null {
  const { type, tenantId, source, data } = event;
  if (run.tenantId !== tenantId) return "unknown_tenant";
  if (!externalQueues.includes(run.queue)) return "internal_queue";
  if (type !== "JobHeartbeat" && data.queue !== run.queue) return "wrong_queue";
  if (data.attempt > holder.attempt) return "unknown_attempt";
  if (data.attempt < holder.attempt || holder.state === "retrying") return "stale_attempt";
  if (holder.executor === null || holder.executor === source) return null;
  return type === "JobStarted" ? "lost" : "other_executor";
}
