import type { DueRun } from "@tickline/shared/domain/due-run";

/**
 * What becomes of the next run that waits: `claim`: it has got a worker. `job_full`: its job holds as many as it may. `queue_full`: none is free
 * for its queue, and it stays. `drop`: it is not to be claimed now, and is offered again.
 */
export type Admission = "claim" | "job_full" | "queue_full" | "drop";

/**
 * Runs of one queue whose jobs hold as many workers as they may. They wait here for one of these, out of the way of others, and in order. They are
 * acknowledged before they are claimed; what is forgotten here is published again.
 */
export interface JobLane {
  /** False: so many of its job wait already. A run that waits already is not added a second time. */
  add(run: DueRun, ofJobMax: number): boolean;
  /** True when a run waits that passes. Asked of the first of each job alone. */
  has(passes: (run: DueRun) => boolean): boolean;
  /** Takes out at most `count` runs that may be claimed, each job's in order, and drops those that are to be dropped. */
  take(count: number, admit: (run: DueRun) => Admission): DueRun[];
}

export function createJobLane(): JobLane {
  const jobs = new Map<string, Map<string, DueRun>>();
  return {
    add(run, ofJobMax) {
      const waiting = jobs.get(run.jobUid) ?? new Map<string, DueRun>();
      if (!waiting.has(run.runId) && waiting.size >= ofJobMax) return false;
      jobs.set(run.jobUid, waiting.set(run.runId, run));
      return true;
    },
    has(passes) {
      for (const waiting of jobs.values()) for (const run of firstOf(waiting)) if (passes(run)) return true;
      return false;
    },
    take(count, admit) {
      const taken: DueRun[] = [];
      for (const [jobUid, waiting] of jobs) {
        for (const run of waiting.values()) {
          const admission = taken.length < count ? admit(run) : "queue_full";
          if (admission === "queue_full" || admission === "job_full") break;
          if (admission === "claim") taken.push(run);
          waiting.delete(run.runId);
        }
        if (waiting.size === 0) jobs.delete(jobUid);
      }
      return taken;
    },
  };
}

function firstOf(waiting: ReadonlyMap<string, DueRun>): readonly DueRun[] {
  for (const run of waiting.values()) return [run];
  return [];
}
