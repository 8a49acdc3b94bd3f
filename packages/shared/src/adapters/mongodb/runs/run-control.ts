import { BY_API, UNKNOWN_CLIENT } from "../../../domain/run/cancel.ts";
import type { EndedRun } from "../../../domain/run/settlement.ts";
import { isTerminal } from "../../../domain/run/run-state.ts";
import { isWhole } from "../../../domain/json/stored-value.ts";
import type { CancelOpenRequest, RunControl } from "../../../ports/runs/run-control.ts";
import { wakeNext } from "../claims/wake-waiting.ts";
import { inOrder, withIds } from "../collections/rows.ts";
import { readLaterTime, type StoreContext } from "../context.ts";
import { inRounds } from "../in-rounds.ts";
import type { JobRow } from "../jobs/job-row.ts";
import { completePending } from "../jobs/pending-fires.ts";
import { mergeUpdates, cancelWaiting, changedBy, IN_ORDER, NOT_CANCELLED, requestCancel } from "./run-changes.ts";
import type { RunRow } from "./run-row.ts";
import { toEndedRun, toEndedRuns } from "./run-view.ts";

/** Not started, or between two attempts. */
const WAITING = { state: { $in: ["due", "retrying"] } };

export function createRunControl(context: StoreContext): RunControl {
  const { jobs, runs } = context.rows;
  const findJob = async (tenantId: string, jobUid: string): Promise<JobRow | undefined> =>
    (await jobs.find({ _id: { $eq: jobUid }, tenantId: { $eq: tenantId } }))[0];
  return {
    cancel(tenantId, { runId, now, by = BY_API }) {
      const run = { _id: { $eq: runId }, tenantId: { $eq: tenantId } };
      const own = changedBy(context.newToken());
      // Between two rounds the run went from due to running, or back.
      return inRounds(`cancel run ${runId}`, async (round) => {
        const cancel = { requestedAt: round === 0 ? now : await readLaterTime(context, now), by };
        const cancelled = mergeUpdates(cancelWaiting({ reason: "cancelled", cancel }), own.update);
        if ((await runs.updateMany({ ...run, ...WAITING }, cancelled)) > 0) {
          const [row] = await runs.find({ ...run, ...own.filter });
          if (row !== undefined) await wakeNext(context, [row]);
          return row === undefined ? { kind: "ended" } : { kind: "cancelled", run: toEndedRun(row) };
        }
        if ((await runs.updateMany({ ...run, state: { $eq: "running" }, ...NOT_CANCELLED }, mergeUpdates(requestCancel(cancel)))) > 0)
          return { kind: "requested" };
        const [found] = await runs.find(run, { fields: ["state", "cancelRequested"] });
        if (found === undefined) return { kind: "unknown" };
        if (found.state === "running" && found.cancelRequested === true) return { kind: "requested" };
        return isTerminal(found.state) ? { kind: "ended" } : null;
      });
    },
    async cancelOpen(tenantId, request) {
      const job = await findJob(tenantId, request.jobUid);
      if (job === undefined) return [];
      await completePending(context, [job]);
      const { pending } = job;
      const isLate = !Array.isArray(pending) || pending.length > 0; // Completing them took statements of its own.
      const now = isLate ? await readLaterTime(context, request.now) : request.now;
      return cancelOpenRuns(context, job, { ...request, now });
    },
    async cancelRunning(tenantId, { jobUid, client = UNKNOWN_CLIENT, now, limit }) {
      const job = await findJob(tenantId, jobUid);
      if (job === undefined) return [];
      const running = { state: { $eq: "running" }, ...NOT_CANCELLED };
      const ofJob = { wakeAt: { $exists: true }, ...slotFilter(job), jobUid: { $eq: jobUid } };
      const ids = withIds((await runs.find({ ...running, ...ofJob }, { limit, fields: ["state"] })).map(({ _id }) => _id));
      // It is not read which of them were changed: a run that has ended since needs no flag, and a run that was released waits.
      const cancel = { requestedAt: now, by: { kind: "job_deleted", ...client } } as const;
      await runs.updateMany({ ...ids, ...running }, mergeUpdates(requestCancel(cancel)));
      return ids._id.$in;
    },
  };
}

/** Cancels the open runs of a job, oldest first. Attempts in progress may finish. An unreadable run does not count for `limit`. */
export async function cancelOpenRuns(
  context: StoreContext,
  job: JobRow,
  { limit, ...request }: Omit<CancelOpenRequest, "jobUid">,
): Promise<EndedRun[]> {
  const ended: EndedRun[] = [];
  let { now } = request;
  for (let left = limit; left > 0; left = limit - ended.length) {
    const rows = await cancelSome(context, job, { ...request, now, limit: left });
    ended.push(...toEndedRuns(context, rows));
    if (rows.length < left || ended.length >= limit) break;
    now = await readLaterTime(context, now);
  }
  return ended;
}

async function cancelSome(
  context: StoreContext,
  job: JobRow,
  { reason = "job_deleted", client = UNKNOWN_CLIENT, keeping, now, limit }: Omit<CancelOpenRequest, "jobUid">,
): Promise<RunRow[]> {
  const { runs } = context.rows;
  const open = await readOpen(context, job, { keeping, limit });
  const ids = withIds(open.map(({ _id }) => _id));
  const own = changedBy(context.newToken());
  const cancel = { requestedAt: now, by: { kind: reason, ...client } };
  await runs.updateMany({ ...ids, ...WAITING }, mergeUpdates(cancelWaiting({ reason, cancel }), own.update));
  const closed = await runs.find({ ...ids, ...own.filter }, { sort: { _id: 1 } });
  if (keeping !== undefined) await wakeNext(context, closed); // After a deletion no run of the job continues.
  return closed;
}

/**
 * The due runs, and those that wait for a retry, each by an index without ended runs, of which a job may have millions. Of the
 * retries those of its slot are read, in the order of that index.
 */
async function readOpen(
  { rows: { runs } }: StoreContext,
  job: JobRow,
  { keeping, limit }: { readonly keeping: CancelOpenRequest["keeping"]; readonly limit: number },
): Promise<RunRow[]> {
  const kept = keeping === undefined ? {} : { $nor: [{ queue: { $eq: keeping.queue }, handler: { $eq: keeping.handler } }] };
  const query = { limit, fields: ["state"] } as const;
  const { _id } = job;
  const retried = { state: { $eq: "retrying" }, wakeAt: { $exists: true }, ...slotFilter(job), jobUid: { $eq: _id } };
  const [due, retrying] = await Promise.all([
    runs.find({ jobUid: { $eq: _id }, standing: { $exists: true }, state: { $eq: "due" }, ...kept }, { ...query, sort: IN_ORDER }),
    runs.find({ ...retried, ...kept }, { ...query, sort: { wakeAt: 1 } }),
  ]);
  return inOrder([...due, ...retrying]).slice(0, limit);
}

/** In an unreadable row it may be anything. */
const slotFilter = ({ slot }: JobRow) => (isWhole(slot) ? { slot: { $eq: slot } } : {});
