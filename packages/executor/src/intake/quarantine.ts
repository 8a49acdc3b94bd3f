import type { DueRun } from "@tickline/shared/domain/run/due-run";
import { mostUrgentFirst } from "@tickline/shared/domain/queue/priority";

/**
 * Runs that were rescued often: one of them may end each process that runs it. One run at a time is claimed and run. So the run that ends processes
 * interrupts no other quarantined run, and it alone reaches the limit of rescues. The messages of these runs are acknowledged before the claim: if a
 * process loses runs here, the scheduler publishes them again.
 */
export interface Quarantine {
  add(runs: readonly DueRun[]): void;
  /** The most urgent run that gets a worker; null: none, or one is running. */
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
        if (!getsWorker(run)) continue; // No worker is free for its queue or job: another run may get one.
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
