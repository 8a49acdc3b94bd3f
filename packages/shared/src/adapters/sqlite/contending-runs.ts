import { isExclusive } from "../../domain/overlap.ts";
import { type OpenRun, waitsForAnother } from "./open-run.ts";

/**
 * The runs that contend for the locks of their jobs: of an exclusive policy, and running or due. Those that wait for a retry, or for an
 * executor with their handler, contend with nobody. Of each job in the order of run ids.
 */
export interface ContendingRuns {
  of(jobKey: number): readonly OpenRun[];
  /** The run waits, or runs, in another way than before. */
  changed(run: OpenRun): void;
  drop(run: OpenRun): void;
}

const NONE: readonly OpenRun[] = [];

export function createContendingRuns(): ContendingRuns {
  const byJob = new Map<number, OpenRun[]>();

  function keep(run: OpenRun): void {
    const runs = byJob.get(run.jobKey);
    if (runs === undefined) {
      byJob.set(run.jobKey, [run]);
      return;
    }
    const place = placeOf(runs, run.runId);
    if (runs[place] !== run) runs.splice(place, 0, run);
  }
  function drop(run: OpenRun): void {
    const runs = byJob.get(run.jobKey);
    if (runs === undefined) return;
    const place = placeOf(runs, run.runId);
    if (runs[place] !== run) return;
    if (runs.length === 1) byJob.delete(run.jobKey);
    else runs.splice(place, 1);
  }
  return {
    of: (jobKey) => byJob.get(jobKey) ?? NONE,
    changed(run) {
      if (contends(run)) keep(run);
      else drop(run);
    },
    drop,
  };
}

const contends = (run: OpenRun): boolean =>
  isExclusive(run.traits.overlap) && run.mode !== "retrying" && (run.mode !== "deferred" || waitsForAnother(run));

/** Where the run of this id is, or belongs. By bisection. */
function placeOf(runs: readonly OpenRun[], runId: string): number {
  let [low, high] = [0, runs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((runs[middle] as OpenRun).runId < runId) low = middle + 1;
    else high = middle;
  }
  return low;
}
