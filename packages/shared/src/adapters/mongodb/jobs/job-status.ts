import { toStatusChange, statusOrder } from "../../../domain/job/status-change.ts";
import type { JobStatus } from "../../../ports/jobs/job-status.ts";
import { mapReadable } from "../../../runtime/batch/map-readable.ts";
import type { StoreContext } from "../context.ts";
import { readMeta } from "../meta.ts";
import { behindPosition, parseCursor, toCursor } from "../collections/position.ts";
import { withIds } from "../collections/rows.ts";
import type { RunRow } from "../runs/run-row.ts";
import { asReadable, toLastRun, toRun } from "../runs/run-view.ts";

/** The fields of a run from which its job's status follows. The output is left out: it may be 64 KiB. */
const OUTCOME = ["tenantId", "jobUid", "jobId", "cause", "state", "scheduledFor", "startedAt", "finishedAt", "attempt", "error"] as const;
const WATERMARK = { _id: { $eq: "watermark" } };

export const createJobStatus = ({ rows, onUnreadable }: StoreContext): JobStatus => ({
  async apply(changes) {
    const byUid = changes.toSorted((left, right) => (left.jobUid < right.jobUid ? -1 : 1));
    await rows.jobs.updateEach(
      byUid.map(({ tenantId, jobUid, lastRun }) => {
        const order = statusOrder(lastRun);
        return {
          filter: { _id: { $eq: jobUid }, tenantId: { $eq: tenantId }, statusOrder: { $lt: order } },
          update: { $set: { status: lastRun.state, lastRun, statusOrder: order } },
        };
      }),
    );
  },
  async standing(runIds) {
    const found = await rows.runs.find(withIds(runIds), { fields: [...OUTCOME, "attempts"] });
    return mapReadable(found, asReadable(toRun, onUnreadable)).flatMap((run) => toStatusChange(run) ?? []);
  },
  /** The place to go on is that of the last run returned, by `settledAt`. */
  async settledSince({ since, until, after, limit }) {
    const last = after === null ? null : parseCursor(after);
    const behind = last === null ? {} : behindPosition("settledAt", last, "$gt");
    const found = await rows.runs.find(
      { settledAt: { $gte: last?.value ?? since, $lt: until }, ...behind },
      { sort: { settledAt: 1, _id: 1 }, limit: limit + 1, fields: [...OUTCOME, "settledAt"] },
    );
    const part = found.slice(0, limit);
    const end = found.length > part.length ? part.at(-1) : undefined;
    const toChange = (row: RunRow) => ({ tenantId: row.tenantId, jobUid: row.jobUid, lastRun: toLastRun(row) });
    return {
      changes: mapReadable(part, asReadable(toChange, onUnreadable)),
      next: end === undefined ? null : toCursor({ value: end.settledAt ?? 0, id: end._id }),
    };
  },
  watermark: () => readMeta(rows.meta, "watermark"),
  async advance(watermark) {
    await rows.meta.updateMany(WATERMARK, { $max: { value: watermark } });
  },
  async rewind(watermark) {
    await rows.meta.updateMany(WATERMARK, { $min: { value: watermark } });
  },
});
