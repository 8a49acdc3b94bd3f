import type { Instant } from "../../domain/instant.ts";
import type { EndedRun } from "../../domain/settlement.ts";
import { isTerminal } from "../../domain/run-state.ts";
import type { RunControl } from "../../ports/run-control.ts";
import { AppError } from "../../domain/app-error.ts";
import type { StoreContext } from "./context.ts";
import { completePending } from "./pending-fires.ts";
import { allOf, endRun } from "./run-changes.ts";
import { endedRunOf } from "./run-view.ts";

/** Not started, or between two attempts. */
const WAITING = { state: { $in: ["due", "retrying"] } };
/** Rounds of a cancel that the run keeps escaping, from due to running and back. */
const ROUNDS_MAX = 20;

export const createRunControl = (context: StoreContext): RunControl => ({
  async cancel(tenantId, { runId, now }) {
    const { runs } = context.rows;
    const own = { _id: { $eq: runId }, tenantId: { $eq: tenantId } };
    const token = context.newToken();
    const cancelled = allOf(endRun({ state: "cancelled", reason: "cancelled", now, error: null }), { $set: { changedBy: token } });
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      if ((await runs.updateMany({ ...own, ...WAITING }, cancelled)) > 0) {
        const [row] = await runs.find({ ...own, changedBy: { $eq: token } });
        return row === undefined ? { kind: "ended" } : { kind: "cancelled", run: endedRunOf(row) };
      }
      if ((await runs.updateMany({ ...own, state: { $eq: "running" } }, { $set: { cancelRequested: true } })) > 0)
        return { kind: "requested" };
      const [standing] = await runs.find(own, { fields: ["state"] });
      if (standing === undefined) return { kind: "unknown" };
      if (isTerminal(standing.state)) return { kind: "ended" };
    }
    throw new AppError("store_unavailable", `cancel run ${runId}: it changed ${ROUNDS_MAX} times meanwhile`, { retryable: true });
  },
  async cancelOpen(tenantId, { jobUid, now, limit }) {
    const jobs = await context.rows.jobs.find({ _id: { $eq: jobUid }, tenantId: { $eq: tenantId } });
    if (jobs.length === 0) return [];
    await completePending(context, jobs);
    return cancelOpenRuns(context, { tenantId, jobUid }, { now, limit });
  },
});

/** Cancels what a deleted job left open, oldest first. Attempts under way may finish. */
export async function cancelOpenRuns(
  { rows: { runs }, newToken }: StoreContext,
  { tenantId, jobUid }: { readonly tenantId: string; readonly jobUid: string },
  { now, limit }: { readonly now: Instant; readonly limit: number },
): Promise<EndedRun[]> {
  if (limit <= 0) return [];
  const waiting = { ...WAITING, tenantId: { $eq: tenantId }, jobUid: { $eq: jobUid } };
  const found = await runs.find(waiting, { sort: { _id: 1 }, limit, fields: ["state"] });
  if (found.length === 0) return [];
  const ids = { _id: { $in: found.map(({ _id }) => _id) } };
  const token = newToken();
  const cancelled = allOf(endRun({ state: "cancelled", reason: "job_deleted", now, error: null }), { $set: { changedBy: token } });
  await runs.updateMany({ ...ids, ...waiting }, cancelled);
  return (await runs.find({ ...ids, changedBy: { $eq: token } }, { sort: { _id: 1 } })).map(endedRunOf);
}
