import type { DueRun } from "@tickline/shared/domain/due-run";
import { differenceOf, type RefusedRun } from "./due-run-check.ts";
import type { ExecutorContext } from "../executor-context.ts";

export interface StandingDueRuns {
  /** As the store has them. */
  readonly standing: readonly DueRun[];
  readonly refused: readonly RefusedRun[];
}

/**
 * For runs that are acted upon without a claim, which would compare what their messages say. Those of another attempt, ended or unknown
 * are dropped, as a claim of them would be lost.
 */
export async function standingDueRuns(
  { claims, metrics }: Pick<ExecutorContext, "claims" | "metrics">,
  runs: readonly DueRun[],
): Promise<StandingDueRuns> {
  if (runs.length === 0) return { standing: [], refused: [] };
  const held = new Map((await claims.read([...new Set(runs.map(({ runId }) => runId))])).map((run) => [run.runId, run]));
  const standing = new Map<string, DueRun>();
  const refused: RefusedRun[] = [];
  for (const run of runs) {
    const stored = held.get(run.runId);
    if (stored?.attempt !== run.attempt) {
      metrics.claims.lost.inc();
      continue;
    }
    const reason = differenceOf(run, stored);
    if (reason === null) standing.set(run.runId, stored);
    else refused.push({ run, reason });
  }
  return { standing: [...standing.values()], refused };
}
