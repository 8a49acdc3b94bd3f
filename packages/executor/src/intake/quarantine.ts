import type { DueRun } from "@tickline/shared/domain/due-run";

/**
 * Runs whose executors keep vanishing. One at a time is claimed and run: neighbours of the culprit in the crashes so far
 * are suspects too, and meet it no more, so that it alone reaches the cap of rescues. They are acknowledged before they
 * are claimed; what is forgotten here is published again.
 */
export interface SuspectLane {
  add(runs: readonly DueRun[]): void;
  /** The next one that gets a worker, if none is under way. */
  take(getsWorker: (run: DueRun) => boolean): DueRun | null;
  /** The one under way has ended, or was not won. */
  ended(runId: string): void;
}

export function createSuspectLane(runsMax: number): SuspectLane {
  const waiting = new Map<string, DueRun>();
  let underWay: string | null = null;
  return {
    add(runs) {
      for (const run of runs) if (waiting.size < runsMax || waiting.has(run.runId)) waiting.set(run.runId, run);
    },
    take(getsWorker) {
      if (underWay !== null) return null;
      for (const run of waiting.values()) {
        if (!getsWorker(run)) continue; // Its queue or job has none free: that holds up no suspect of another.
        waiting.delete(run.runId);
        underWay = run.runId;
        return run;
      }
      return null;
    },
    ended(runId) {
      if (underWay === runId) underWay = null;
    },
  };
}
