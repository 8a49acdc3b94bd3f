import { BY_API, UNKNOWN_CLIENT, type RunCancel } from "../../domain/cancel.ts";
import type { CancelOpenRequest, CancelOutcome, CancelRequest, CancelRunningRequest } from "../../ports/run-control.ts";
import type { EndedRun } from "../../domain/settlement.ts";
import type { Reason } from "../../domain/reason.ts";
import { RUN_STATE } from "./codes.ts";
import type { Core } from "./core.ts";
import { belongsTo } from "./job-table.ts";
import type { OpenRun } from "./open-run.ts";
import { wakeNext, wakeNextOfEach } from "./overlap-waits.ts";
import { endWaiting, readAllEnded, readEnded } from "./run-ends.ts";

/** What people do to runs. */
export const openControls = (core: Core) => ({
  cancelRun: cancelRun(core),
  cancelOpen: openCancelOpen(core),
  cancelRunning: cancelRunning(core),
});

const cancelRun =
  (core: Core) =>
  ({ tenantId, runId, now, by = BY_API }: CancelRequest & { readonly tenantId: string }): CancelOutcome => {
    const run = core.open.byId.get(runId);
    if (run === undefined) return cancelEnded(core, tenantId, runId);
    if (!belongsTo(core.jobs, run.jobKey, tenantId)) return { kind: "unknown" };
    if (run.mode === "none") {
      requestCancel(core, run, { requestedAt: now, by });
      return { kind: "requested" };
    }
    cancelWaiting(core, run, { reason: "cancelled", cancel: { requestedAt: now, by } });
    core.endings.add([run], now);
    wakeNext(core, run);
    return { kind: "cancelled", run: readEnded(core, run) };
  };

function cancelEnded({ ids, readRun }: Core, tenantId: string, runId: string): CancelOutcome {
  const runKey = ids.find(runId);
  const row = runKey === 0 ? null : readRun(runKey);
  return { kind: row === null || row.tenantId !== tenantId ? "unknown" : "ended" };
}

/** Has its executor told to end it. Repeating it writes nothing: the first request stands. */
export function requestCancel(core: Core, run: OpenRun, cancel: RunCancel): void {
  if (run.extra?.cancelRequested === true) return;
  run.extra = { ...run.extra, cancelRequested: true, cancel };
  core.rows.save(run, RUN_STATE.running);
}

interface Cancelling {
  readonly reason: Reason;
  readonly cancel: RunCancel;
}

function cancelWaiting(core: Core, run: OpenRun, { reason, cancel }: Cancelling): void {
  run.extra = { ...run.extra, cancel: run.extra?.cancel ?? cancel };
  endWaiting(core, run, { state: RUN_STATE.cancelled, finishedAt: cancel.requestedAt, error: null, reason });
}

function openCancelOpen(core: Core): (request: CancelOpenRequest & { readonly tenantId: string }) => EndedRun[] {
  const cancel = openCancelWaiting(core);
  return ({ tenantId, jobUid, ...request }) => {
    const jobKey = core.jobs.uids.find(jobUid);
    if (jobKey === 0 || !belongsTo(core.jobs, jobKey, tenantId)) return [];
    const ended: EndedRun[] = [];
    for (let left = request.limit; left > 0; left = request.limit - ended.length) {
      const cancelled = cancel(jobKey, { ...request, limit: left });
      ended.push(...readAllEnded(core, cancelled));
      if (cancelled.length < left) break;
    }
    return ended;
  };
}

/** Flags what runs of a job and has no flag, in the order of the claims. */
const cancelRunning =
  (core: Core) =>
  ({ tenantId, jobUid, client = UNKNOWN_CLIENT, now, limit }: CancelRunningRequest & { readonly tenantId: string }): string[] => {
    const jobKey = core.jobs.uids.find(jobUid);
    const flagged: string[] = [];
    if (jobKey === 0 || !belongsTo(core.jobs, jobKey, tenantId)) return flagged;
    const cancel: RunCancel = { requestedAt: now, by: { kind: "job_deleted", ...client } };
    for (const run of core.open.byId.values()) {
      if (run.jobKey !== jobKey || run.mode !== "none" || run.extra?.cancelRequested === true) continue;
      if (flagged.length === limit) break;
      requestCancel(core, run, cancel);
      flagged.push(run.runId);
    }
    return flagged;
  };

/** Cancels what waits of a job, oldest first. */
export function openCancelWaiting(core: Core): (jobKey: number, request: Omit<CancelOpenRequest, "jobUid">) => OpenRun[] {
  const select = core.db.prepare("SELECT run_id FROM runs WHERE parked = 1 AND job_key = ? ORDER BY run_id");
  return (jobKey, { reason = "job_deleted", client = UNKNOWN_CLIENT, keeping, now, limit }) => {
    const cancel: RunCancel = { requestedAt: now, by: { kind: reason, ...client } };
    const ended: OpenRun[] = [];
    for (const row of select.all(jobKey)) {
      const run = core.open.byId.get(row["run_id"] as string);
      if (run === undefined || run.mode === "none") continue;
      if (run.traits.queue === keeping?.queue && run.traits.handler === keeping.handler) continue;
      if (ended.length === limit) break;
      cancelWaiting(core, run, { reason, cancel });
      ended.push(run);
    }
    core.endings.add(ended, now);
    // For an edit: the others go on. Else nothing of the job is to.
    if (keeping !== undefined) wakeNextOfEach(core, ended);
    return ended;
  };
}
