import { AppError } from "../../../domain/app-error.ts";
import { BY_API, UNKNOWN_CLIENT } from "../../../domain/cancel.ts";
import type { RunControl } from "../../../ports/run-control.ts";
import { cancelOpenRuns } from "./cancel-open.ts";
import { completeFires } from "./pending-fires.ts";
import { cancelWaiting, requestCancel } from "./run-changes.ts";
import { wakeNext } from "./overlap-waits.ts";
import { endedRunOf } from "./run-row.ts";
import { take } from "./sorted-index.ts";
import type { MemoryState } from "./state.ts";

export const createRunControl = (state: MemoryState): RunControl => ({
  async cancel(tenantId, { runId, now, by = BY_API }) {
    const row = state.runs.get(runId);
    if (row === undefined || row.origin.tenantId !== tenantId) return { kind: "unknown" };
    switch (row.state) {
      case "due":
      case "retrying":
        cancelWaiting(row, { reason: "cancelled", cancel: { requestedAt: now, by } });
        state.runs.save(row);
        wakeNext(state.runs, row);
        return { kind: "cancelled", run: endedRunOf(row) };
      case "running":
        requestCancel(row, { requestedAt: now, by });
        state.runs.save(row);
        return { kind: "requested" };
      case "succeeded":
      case "failed":
      case "cancelled":
      case "lost":
      case "skipped":
      case "missed":
        return { kind: "ended" };
      default:
        throw new AppError("store_corrupt", `run ${runId}: this version knows no state ${JSON.stringify(row.state satisfies never)}`);
    }
  },
  async cancelOpen(tenantId, request) {
    const job = state.jobs.get(request.jobUid);
    if (job === undefined || job.job.tenantId !== tenantId) return [];
    completeFires(state, job);
    return cancelOpenRuns(state, request);
  },
  async cancelRunning(tenantId, { jobUid, client = UNKNOWN_CLIENT, now, limit }) {
    if (state.jobs.get(jobUid)?.job.tenantId !== tenantId) return [];
    const running = take(state.runs.openOf.ascending(jobUid), limit, (row) => row.state === "running" && !row.cancelRequested);
    for (const row of running) {
      requestCancel(row, { requestedAt: now, by: { kind: "job_deleted", ...client } });
      state.runs.save(row);
    }
    return running.map(({ runId }) => runId);
  },
});
