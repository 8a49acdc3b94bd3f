import type { DueRun } from "@tickline/shared/domain/run/due-run";
import { DEFAULT_TENANT } from "@tickline/shared/domain/job/job";
import { RUN_ID_PATTERN } from "@tickline/shared/domain/run/run-id";
import type { RunState } from "@tickline/shared/domain/run/run-state";
import { isForeignName } from "@tickline/shared/domain/run/executor-name";
import type { AttemptHolder } from "@tickline/shared/ports/runs/run-claims";
import type { ReportEvent } from "./report.ts";

/**
 * Why a report is not accepted, and whether it goes to the dead letters. Reports that do not are late, repeated, or from the slower of two executors
 * that started at once: every bus and every restart causes them, and nothing has to be repaired. All are counted.
 */
export const REJECTIONS = {
  /** The run has ended, or does not exist: it may have been deleted after its retention. */
  not_open: { deadLetter: false, reason: "the run is not open" },
  /** A later attempt is due or running, or this one has ended and waits for a retry. */
  stale_attempt: { deadLetter: false, reason: "the attempt is over" },
  /** Another executor has started the attempt, and this one reports that it started it too. */
  lost: { deadLetter: false, reason: "another executor has the attempt" },
  /** Only the executor that started an attempt may report its heartbeat and its end. */
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

export type Rejection = keyof typeof REJECTIONS;

/** The ends that a foreign executor can report. All other states are set by Tickline. */
const REPORTED_STATES: ReadonlySet<RunState> = new Set(["succeeded", "failed", "cancelled"]);

/** Why a report is rejected by its content alone; null: the store decides. */
export function rejectByContent({ type, tenantId, source, data }: ReportEvent): Rejection | null {
  if (!isForeignName(source)) return "bad_executor";
  if (tenantId !== DEFAULT_TENANT) return "unknown_tenant";
  if (!RUN_ID_PATTERN.test(data.runId)) return "bad_run_id";
  return type === "JobCompleted" && !REPORTED_STATES.has(data.state) ? "bad_state" : null;
}

/** A run that a report names, as the store holds it. */
export interface ReportedRun {
  readonly run: DueRun;
  readonly holder: AttemptHolder;
}

/** Why a report of an open run is rejected; null: its executor has the attempt, or no executor has it. */
export function rejectByRun(event: ReportEvent, { run, holder }: ReportedRun, externalQueues: readonly string[]): Rejection | null {
  const { type, tenantId, source, data } = event;
  if (run.tenantId !== tenantId) return "unknown_tenant";
  if (!externalQueues.includes(run.queue)) return "internal_queue";
  if (type !== "JobHeartbeat" && data.queue !== run.queue) return "wrong_queue";
  if (data.attempt > holder.attempt) return "unknown_attempt";
  if (data.attempt < holder.attempt || holder.state === "retrying") return "stale_attempt";
  if (holder.executor === null || holder.executor === source) return null;
  return type === "JobStarted" ? "lost" : "other_executor";
}
