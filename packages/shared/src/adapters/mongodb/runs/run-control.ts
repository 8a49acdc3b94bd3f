import { BY_API, UNKNOWN_CLIENT } from "../../../domain/cancel.ts";
import type { EndedRun } from "../../../domain/settlement.ts";
import { isTerminal } from "../../../domain/run-state.ts";
import { isWhole } from "../../../domain/stored-value.ts";
import type { CancelOpenRequest, RunControl } from "../../../ports/run-control.ts";
import { AppError } from "../../../domain/app-error.ts";
import type { StoreContext } from "../context.ts";
import type { JobRow } from "../jobs/job-row.ts";
import { wakeNext } from "../claims/overlap-wakes.ts";
import { mapReadable } from "../../../runtime/map-readable.ts";
import { laterTime } from "../later-time.ts";
import { completePending } from "../jobs/pending-fires.ts";
import { allOf, cancelWaiting, IN_ORDER, NOT_CANCELLED, requestCancel } from "./run-changes.ts";
import type { RunRow } from "./run-row.ts";
import { asReadable, endedRunOf } from "./run-view.ts";

/** Not started, or between two attempts. */
const WAITING = { state: { $in: ["due", "retrying"] } };
/** Rounds of a cancel that the run keeps escaping, from due to running and back. */
const ROUNDS_MAX = 20;

export const createRunControl = (context: StoreContext): RunControl => ({
  async cancel(tenantId, { runId, now, by = BY_API }) {
    const { runs } = context.rows;
    const own = { _id: { $eq: runId }, tenantId: { $eq: tenantId } };
    const token = context.newToken();
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      const at = round === 0 ? now : await laterTime(context, now);
      const cancel = { requestedAt: at, by };
      const cancelled = allOf(cancelWaiting({ reason: "cancelled", cancel }), { $set: { changedBy: token } });
      if ((await runs.updateMany({ ...own, ...WAITING }, cancelled)) > 0) {
        const [row] = await runs.find({ ...own, changedBy: { $eq: token } });
        if (row !== undefined) await wakeNext(context, [row]);
        return row === undefined ? { kind: "ended" } : { kind: "cancelled", run: endedRunOf(row) };
      }
      if ((await runs.updateMany({ ...own, state: { $eq: "running" }, ...NOT_CANCELLED }, allOf(requestCancel(cancel)))) > 0)
        return { kind: "requested" };
      const [standing] = await runs.find(own, { fields: ["state", "cancelRequested"] });
      if (standing === undefined) return { kind: "unknown" };
      if (standing.state === "running" && standing.cancelRequested === true) return { kind: "requested" };
      if (isTerminal(standing.state)) return { kind: "ended" };
    }
    throw new AppError("store_unavailable", `cancel run ${runId}: it changed ${ROUNDS_MAX} times meanwhile`, { retryable: true });
  },
  async cancelOpen(tenantId, request) {
    const [job] = await context.rows.jobs.find({ _id: { $eq: request.jobUid }, tenantId: { $eq: tenantId } });
    if (job === undefined) return [];
    await completePending(context, [job]);
    const { pending } = job;
    const isLate = !Array.isArray(pending) || pending.length > 0; // To complete them has taken statements of its own.
    const now = isLate ? await laterTime(context, request.now) : request.now;
    return cancelOpenRuns(context, job, { ...request, now });
  },
  async cancelRunning(tenantId, { jobUid, client = UNKNOWN_CLIENT, now, limit }) {
    const { jobs, runs } = context.rows;
    const [job] = await jobs.find({ _id: { $eq: jobUid }, tenantId: { $eq: tenantId } });
    if (job === undefined) return [];
    const running = { state: { $eq: "running" }, ...NOT_CANCELLED };
    const found = await runs.find(
      { ...running, wakeAt: { $exists: true }, ...slotOf(job), jobUid: { $eq: jobUid } },
      { limit, fields: ["state"] },
    );
    const runIds = found.map(({ _id }) => _id).sort();
    // Not which of them were changed: one that has ended since needs no flag, and one that came back waits.
    const cancel = { requestedAt: now, by: { kind: "job_deleted", ...client } } as const;
    if (runIds.length > 0) await runs.updateMany({ _id: { $in: runIds }, ...running }, allOf(requestCancel(cancel)));
    return runIds;
  },
});

/** Cancels what a job has open, oldest first. Attempts in progress may finish. One that cannot be read takes no place of `limit`. */
export async function cancelOpenRuns(
  context: StoreContext,
  job: JobRow,
  { limit, ...request }: Omit<CancelOpenRequest, "jobUid">,
): Promise<EndedRun[]> {
  const ended: EndedRun[] = [];
  let { now } = request;
  for (let left = limit; left > 0; left = limit - ended.length) {
    const rows = await cancelSome(context, job, { ...request, now, limit: left });
    ended.push(...mapReadable(rows, asReadable(endedRunOf, context.onUnreadable)));
    if (rows.length < left || ended.length >= limit) break;
    now = await laterTime(context, now);
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
  if (open.length === 0) return [];
  const ids = { _id: { $in: open.map(({ _id }) => _id).sort() } };
  const token = context.newToken();
  const cancel = { requestedAt: now, by: { kind: reason, ...client } };
  const cancelled = allOf(cancelWaiting({ reason, cancel }), { $set: { changedBy: token } });
  await runs.updateMany({ ...ids, ...WAITING }, cancelled);
  const closed = await runs.find({ ...ids, changedBy: { $eq: token } }, { sort: { _id: 1 } });
  if (keeping !== undefined) await wakeNext(context, closed); // Else nothing of the job is to go on.
  return closed;
}

/**
 * What is due, and what waits for a retry, each by an index that holds nothing that has ended: the runs that a job has had may be millions. Of the
 * retries those of its slot are looked at, in the order of that index.
 */
async function readOpen(
  { rows: { runs } }: StoreContext,
  job: JobRow,
  { keeping, limit }: { readonly keeping: CancelOpenRequest["keeping"]; readonly limit: number },
): Promise<RunRow[]> {
  const kept = keeping === undefined ? {} : { $nor: [{ queue: { $eq: keeping.queue }, handler: { $eq: keeping.handler } }] };
  const query = { limit, fields: ["state"] } as const;
  const { _id } = job;
  const retried = { state: { $eq: "retrying" }, wakeAt: { $exists: true }, ...slotOf(job), jobUid: { $eq: _id } };
  const [due, retrying] = await Promise.all([
    runs.find({ jobUid: { $eq: _id }, standing: { $exists: true }, state: { $eq: "due" }, ...kept }, { ...query, sort: IN_ORDER }),
    runs.find({ ...retried, ...kept }, { ...query, sort: { wakeAt: 1 } }),
  ]);
  return [...due, ...retrying].sort((left, right) => (left._id < right._id ? -1 : 1)).slice(0, limit);
}

/** Of a row that cannot be read it may be anything. */
const slotOf = ({ slot }: JobRow) => (isWhole(slot) ? { slot: { $eq: slot } } : {});
