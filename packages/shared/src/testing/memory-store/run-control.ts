import { BY_API, type RunCancel, UNKNOWN_CLIENT } from "../../domain/run/cancel.ts";
import { cancelWaiting, requestCancel } from "../../domain/run/run-changes.ts";
import { toEndedRun } from "../../domain/run/run-record.ts";
import type { EndedRun } from "../../domain/run/settlement.ts";
import { requireReadableRun } from "../../domain/run/stored-run.ts";
import type { CancelOpenRequest, RunControl } from "../../ports/runs/run-control.ts";
import { takeReadable } from "../../runtime/batch/map-readable.ts";
import { completeFires } from "./due-jobs.ts";
import { wakeNext } from "./overlap.ts";
import { ascending, type MemoryState, readable, save, type StoredRun } from "./state.ts";

export const createRunControl = (state: MemoryState): RunControl => ({
  async cancel(tenantId, { runId, now, by = BY_API }) {
    const run = state.runs.get(runId);
    if (run?.tenantId !== tenantId) return { kind: "unknown" };
    const cancel: RunCancel = { requestedAt: now, by };
    if (requireReadableRun(run).standing === null) return { kind: "ended" };
    if (run.standing === "running") {
      save(state, requestCancel(run, cancel));
      return { kind: "requested" };
    }
    const cancelled = cancelWaiting(run, { reason: "cancelled", cancel });
    save(state, cancelled);
    wakeNext(state, cancelled);
    return { kind: "cancelled", run: toEndedRun(cancelled) };
  },
  async cancelOpen(tenantId, request) {
    const stored = state.jobs.get(request.jobUid);
    if (stored?.job.tenantId !== tenantId) return [];
    completeFires(state, stored);
    return cancelOpenRuns(state, request);
  },
  async cancelRunning(tenantId, { jobUid, client = UNKNOWN_CLIENT, now, limit }) {
    if (state.jobs.get(jobUid)?.job.tenantId !== tenantId) return [];
    const running = listOpenRuns(state, jobUid).filter(({ standing, cancelRequested }) => standing === "running" && !cancelRequested);
    const found = running.slice(0, limit);
    save(state, ...found.map((run) => requestCancel(run, { requestedAt: now, by: { kind: "job_deleted", ...client } })));
    return found.map(({ runId }) => runId);
  },
});

const listOpenRuns = ({ openRuns }: MemoryState, jobUid: string): StoredRun[] =>
  [...(openRuns.get(jobUid)?.values() ?? [])].sort(ascending("runId"));

/** Cancels the waiting runs of a job, oldest first. Attempts in progress may finish. */
export function cancelOpenRuns(
  state: MemoryState,
  { jobUid, reason = "job_deleted", client = UNKNOWN_CLIENT, keeping, now, limit }: CancelOpenRequest,
): EndedRun[] {
  const waiting = listOpenRuns(state, jobUid).filter(({ state: runState, queue, handler }) => {
    const kept = queue === keeping?.queue && handler === keeping.handler;
    return (runState === "due" || runState === "retrying") && !kept;
  });
  const cancelled: StoredRun[] = [];
  const cancel = (run: StoredRun): EndedRun => {
    const next = cancelWaiting(run, { reason, cancel: { requestedAt: now, by: { kind: reason, ...client } } });
    save(state, next);
    cancelled.push(next);
    return toEndedRun(next);
  };
  const ended = takeReadable(waiting, limit, readable(state, cancel));
  if (keeping !== undefined) for (const run of cancelled) wakeNext(state, run); // After a deletion no run of the job continues.
  return ended;
}
