import type { DueRun } from "@tickline/shared/domain/due-run";
import type { RunState } from "@tickline/shared/domain/run-state";
import type { Report } from "./report.ts";

/** A report, and the run it is about as the store has it. */
export interface KnownReport {
  readonly report: Report;
  readonly run: DueRun;
}

/**
 * Why a report is dropped. `not_open`: the tenant has no such run, or it has ended; `stale_attempt`: another attempt is
 * due or under way; `internal_queue`: the run is for our own executors. The others are faults of whoever reports.
 */
export type Refusal = "not_open" | "stale_attempt" | "internal_queue" | "bad_executor" | "bad_state";

export interface SortedReports {
  readonly known: readonly KnownReport[];
  readonly refused: readonly { readonly report: Report; readonly why: Refusal }[];
}

export interface ReportRules {
  /** The runs that are open, of all those reported. */
  readonly runs: readonly DueRun[];
  readonly externalQueues: readonly string[];
}

/** Longest name of a foreign executor, in characters. */
export const EXECUTOR_NAME_LENGTH_MAX = 200;

/** What a foreign executor can say of an end. What else becomes of a run is for Tickline to decide. */
const REPORTED_STATES: ReadonlySet<RunState> = new Set(["succeeded", "failed", "cancelled"]);

/** Tells the reports that may be acted upon from the others. Only the store can tell more. */
export function sortReports(reports: readonly Report[], { runs, externalQueues }: ReportRules): SortedReports {
  const byId = new Map(runs.map((run) => [run.runId, run]));
  const known: KnownReport[] = [];
  const refused: { report: Report; why: Refusal }[] = [];
  for (const report of reports) {
    const run = byId.get(report.runId);
    const why = refusalOf(report, run, externalQueues);
    if (why !== null) refused.push({ report, why });
    else if (run !== undefined) known.push({ report, run });
  }
  return { known, refused };
}

function refusalOf(
  { tenantId, executor, attempt, completed }: Report,
  run: DueRun | undefined,
  externalQueues: readonly string[],
): Refusal | null {
  if (executor.length > EXECUTOR_NAME_LENGTH_MAX) return "bad_executor";
  if (completed !== null && !REPORTED_STATES.has(completed.state)) return "bad_state";
  if (run === undefined || run.tenantId !== tenantId) return "not_open";
  if (!externalQueues.includes(run.queue)) return "internal_queue";
  return run.attempt === attempt ? null : "stale_attempt";
}
