import { differingField, differs, type DueRun } from "@tickline/shared/domain/run/due-run";
import { executionText } from "@tickline/shared/domain/job/job-definition";
import type { ExecutorContext } from "../executor-context.ts";
import type { RefusedRun } from "./due-inbox.ts";

export interface StandingRuns {
  /** As the store holds them. */
  readonly standing: readonly DueRun[];
  readonly refused: readonly RefusedRun[];
}

/**
 * Compares messages with the store, for runs that are acknowledged without a claim; a claim compares them itself. Messages about another attempt, or
 * about a run that has ended or is unknown, are dropped, as a claim of them would be lost.
 */
export async function readStandingRuns(
  { claims, metrics }: Pick<ExecutorContext, "claims" | "metrics">,
  runs: readonly DueRun[],
): Promise<StandingRuns> {
  if (runs.length === 0) return { standing: [], refused: [] };
  const stored = new Map((await claims.read([...new Set(runs.map(({ runId }) => runId))])).map((run) => [run.runId, run]));
  const standing = new Map<string, DueRun>();
  const refused: RefusedRun[] = [];
  for (const run of runs) {
    const held = stored.get(run.runId);
    if (held?.attempt !== run.attempt) {
      metrics.claims.lost.inc();
      continue;
    }
    const reason = findDifference(run, held);
    if (reason === null) standing.set(run.runId, held);
    else refused.push({ run, reason });
  }
  return { standing: [...standing.values()], refused };
}

/** Null: the message agrees with the store. The claim compares in the same way. */
function findDifference(message: DueRun, held: DueRun): string | null {
  const field = differingField(message, held);
  if (field !== null) return differs(field);
  return executionText(message) === executionText(held) ? null : differs("execution");
}
