import type { Core } from "./core.ts";

/**
 * The runs of a job, newest first by run id, as a chain through their rows. A new run is nearly always the newest; one
 * that is not, such as a misfire made after a manual run, is put in its place.
 */
export interface HistoryChain {
  /** True if the job has no run of this instant or a later one. */
  endsBefore(jobKey: number, scheduledFor: number): boolean;
  /** Enters a run that is about to be inserted. Returns the next older one, 0 if none. The job's head may have changed. */
  enter(jobKey: number, run: { readonly runKey: number; readonly runId: string; readonly scheduledFor: number }): number;
}

export function openHistoryChain({ db, jobs, rows }: Core): HistoryChain {
  const select = db.prepare("SELECT run_id, prev FROM runs WHERE run_key = ?");

  function enterBehind(jobKey: number, run: { readonly runKey: number; readonly runId: string; readonly scheduledFor: number }): number {
    let newer = 0;
    let older = jobs.head[jobKey] as number;
    for (let row = select.get(older); row !== undefined && String(row["run_id"]) > run.runId; row = select.get(older)) {
      newer = older;
      older = row["prev"] as number;
    }
    if (newer === 0) setHead(jobKey, run);
    else rows.relink(newer, run.runKey);
    return older;
  }
  function setHead(jobKey: number, run: { readonly runKey: number; readonly scheduledFor: number }): void {
    jobs.head[jobKey] = run.runKey;
    jobs.headAt[jobKey] = run.scheduledFor;
  }
  const endsBefore = (jobKey: number, scheduledFor: number): boolean =>
    jobs.head[jobKey] === 0 || scheduledFor > (jobs.headAt[jobKey] as number);
  return {
    endsBefore,
    enter(jobKey, run) {
      if (!endsBefore(jobKey, run.scheduledFor)) return enterBehind(jobKey, run);
      const head = jobs.head[jobKey] as number;
      setHead(jobKey, run);
      return head;
    },
  };
}
