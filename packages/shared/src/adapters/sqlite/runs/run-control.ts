import { AppError } from "../../../domain/app-error.ts";
import { BY_API, UNKNOWN_CLIENT, type RunCancel } from "../../../domain/run/cancel.ts";
import { cancelWaiting, requestCancel } from "../../../domain/run/run-changes.ts";
import { RUN_STATES } from "../../../domain/run/run-state.ts";
import type { EndedRun } from "../../../domain/run/settlement.ts";
import type { CancelOpenRequest, RunControl } from "../../../ports/runs/run-control.ts";
import type { Answering, StoreContext } from "../context.ts";
import { query } from "../rows.ts";
import { IS_OPEN, type RunRow, SELECT_RUNS, toStoredRun } from "./run-rows.ts";

export function openRunControl(context: StoreContext): Answering<RunControl> {
  const { db, runs, overlap } = context;
  const selectJobKey = query<{ jobKey: number }>(db, "SELECT job_key AS jobKey FROM jobs WHERE tenant_id = ? AND uid = ?");
  // The plus keeps SQLite from reading the whole history of the job in the order of its ids.
  const running = query<RunRow>(
    db,
    `${SELECT_RUNS} WHERE runs.job_key = ? AND standing = 'running' AND ${IS_OPEN} AND cancel_requested = 0 ORDER BY +run_id LIMIT ? + 0`,
  );
  const cancelOpen = openCancelOpen(context);
  return {
    cancel(tenantId, { runId, now, by = BY_API }) {
      const run = runs.find(runId);
      if (run === null || run.tenantId !== tenantId) return { kind: "unknown" };
      const cancel: RunCancel = { requestedAt: now, by };
      if (run.standing === null) return { kind: "ended" };
      if (!RUN_STATES.includes(run.state))
        throw new AppError("store_corrupt", `cancel run ${runId}: this version knows no state ${JSON.stringify(run.state)}`);
      if (run.standing === "running") {
        runs.save(requestCancel(run, cancel));
        return { kind: "requested" };
      }
      const cancelled = cancelWaiting(run, { reason: "cancelled", cancel });
      runs.save(cancelled);
      overlap.wakeNext(cancelled);
      const [ended] = runs.toEnded([cancelled]);
      return ended === undefined ? { kind: "ended" } : { kind: "cancelled", run: ended };
    },
    cancelOpen(tenantId, request) {
      const job = selectJobKey.get(tenantId, request.jobUid);
      return job === undefined ? [] : cancelOpen(job.jobKey, request);
    },
    cancelRunning(tenantId, { jobUid, client = UNKNOWN_CLIENT, now, limit }) {
      const job = selectJobKey.get(tenantId, jobUid);
      const found = job === undefined ? [] : running.all(job.jobKey, limit).map(toStoredRun);
      for (const run of found) runs.save(requestCancel(run, { requestedAt: now, by: { kind: "job_deleted", ...client } }));
      return found.map(({ runId }) => runId);
    },
  };
}

/** Cancels the waiting runs of a job, oldest first. */
export function openCancelOpen({
  db,
  runs,
  overlap,
}: StoreContext): (jobKey: number, request: Omit<CancelOpenRequest, "jobUid">) => EndedRun[] {
  const waiting = query<RunRow>(
    db,
    `${SELECT_RUNS} WHERE runs.job_key = ? AND standing IS NOT NULL AND standing <> 'running' AND ${IS_OPEN} AND NOT (runs.queue IS ? AND runs.handler IS ?)
     ORDER BY +run_id LIMIT ? + 0`,
  );
  return (jobKey, { reason = "job_deleted", client = UNKNOWN_CLIENT, keeping, now, limit }) => {
    const cancel: RunCancel = { requestedAt: now, by: { kind: reason, ...client } };
    const ended: EndedRun[] = [];
    for (let left = limit; left > 0; left = limit - ended.length) {
      const found = waiting.all(jobKey, keeping?.queue ?? null, keeping?.handler ?? null, left).map(toStoredRun);
      const cancelled = found.map((run) => cancelWaiting(run, { reason, cancel }));
      for (const run of cancelled) runs.save(run);
      // After an edit the other runs continue. After a deletion no run of the job continues.
      if (keeping !== undefined) for (const run of cancelled) overlap.wakeNext(run);
      ended.push(...runs.toEnded(cancelled));
      if (found.length < left) break;
    }
    return ended;
  };
}
