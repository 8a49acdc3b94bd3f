import type { DueRun } from "@tickline/shared/domain/run/due-run";
import { mostUrgentFirst } from "@tickline/shared/domain/queue/priority";

/**
 * What to do with the next run. `claim`: it has its worker. `job_full`: its job holds as many workers as it may. `queue_full`: no worker is free for
 * its queue, so it stays. `drop`: it must not be claimed now; the scheduler publishes it again.
 */
export type Admission = "claim" | "job_full" | "queue_full" | "drop";

/**
 * Runs of one queue whose jobs hold as many workers as they may. They are held here, in order, until a worker of their job is free, so that they do
 * not delay other jobs. They are acknowledged before they are claimed: the scheduler publishes runs again that are lost here.
 */
export interface HeldRuns {
  /** False: so many of its job are held already. A run that is held is not added a second time. */
  add(run: DueRun, ofJobMax: number): boolean;
  /** True when a run is held that passes. Asked only of the first run of each job. */
  has(passes: (run: DueRun) => boolean): boolean;
  /**
   * Takes at most `count` runs of this priority and of higher ones that may be claimed, those of a job in order, and removes those that are to be
   * dropped.
   */
  take(count: number, admit: (run: DueRun) => Admission, priorityMin?: number): DueRun[];
}

/** That of the first run of a job: its others come behind it, even if an edit has made them more urgent. */
const firstPriority = ([, held]: readonly [string, ReadonlyMap<string, DueRun>]): number => held.values().next().value?.priority ?? 0;

export function createHeldRuns(): HeldRuns {
  const jobs = new Map<string, Map<string, DueRun>>();
  return {
    add(run, ofJobMax) {
      const held = jobs.get(run.jobUid) ?? new Map<string, DueRun>();
      if (!held.has(run.runId) && held.size >= ofJobMax) return false;
      jobs.set(run.jobUid, held.set(run.runId, run));
      return true;
    },
    has(passes) {
      for (const held of jobs.values()) {
        const [first] = held.values();
        if (first !== undefined && passes(first)) return true;
      }
      return false;
    },
    take(count, admit, priorityMin = Number.NEGATIVE_INFINITY) {
      const taken: DueRun[] = [];
      if (jobs.size === 0) return taken;
      for (const [jobUid, held] of mostUrgentFirst([...jobs], firstPriority)) {
        for (const run of held.values()) {
          if (run.priority < priorityMin) break;
          const admission = taken.length < count ? admit(run) : "queue_full";
          if (admission === "queue_full" || admission === "job_full") break;
          if (admission === "claim") taken.push(run);
          held.delete(run.runId);
        }
        if (held.size === 0) jobs.delete(jobUid);
      }
      return taken;
    },
  };
}
