import type { DueRun } from "@tickline/shared/domain/run/due-run";
import { mostUrgentFirst } from "@tickline/shared/domain/queue/priority";

/**
 * Suspects: runs that were rescued often, of which one may end each process that runs it. One suspect at a time is claimed and run. So the one that
 * ends processes takes no other run with it, and it alone reaches the limit of rescues. Suspects are acknowledged before they are claimed: the
 * scheduler publishes again what is lost here.
 */
export interface Quarantine {
  add(runs: readonly DueRun[]): void;
  /** The most urgent suspect that gets a worker; null: none, or one is running. */
  take(getsWorker: (run: DueRun) => boolean): DueRun | null;
  /** To be called when a run has ended, or its claim was not won. */
  onEnded(runId: string): void;
}

export function createQuarantine(runsMax: number): Quarantine {
  const waiting = new Map<string, DueRun>();
  let running: string | null = null;
  return {
    add(runs) {
      for (const run of runs) if (waiting.size < runsMax || waiting.has(run.runId)) waiting.set(run.runId, run);
    },
    take(getsWorker) {
      if (running !== null || waiting.size === 0) return null;
      for (const run of mostUrgentFirst([...waiting.values()], ({ priority }) => priority)) {
        if (!getsWorker(run)) continue; // No worker is free for its queue or job: another suspect may get one.
        waiting.delete(run.runId);
        running = run.runId;
        return run;
      }
      return null;
    },
    onEnded(runId) {
      if (running === runId) running = null;
    },
  };
}
