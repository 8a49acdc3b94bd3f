import { standingOf, statusOrder } from "../../../domain/status-change.ts";
import type { JobStatus } from "../../../ports/job-status.ts";
import { mapReadable } from "../../../runtime/map-readable.ts";
import type { StoreContext } from "../context.ts";
import { readMeta } from "../collections/meta-values.ts";
import { behindPosition } from "../collections/position.ts";
import { asReadable, lastRunOf, runOf } from "../runs/run-view.ts";

/** Of a run what its job's status follows from: not its output. */
const STATED_FIELDS = [
  "tenantId",
  "jobUid",
  "jobId",
  "cause",
  "state",
  "scheduledFor",
  "attempt",
  "attempts",
  "startedAt",
  "finishedAt",
  "error",
];

/** What is folded of a run. Its output is not, and may be 64 KiB. */
const FOLDED = [
  "tenantId",
  "jobUid",
  "jobId",
  "cause",
  "state",
  "scheduledFor",
  "startedAt",
  "finishedAt",
  "attempt",
  "error",
  "settledAt",
] as const;
const WATERMARK = { _id: { $eq: "watermark" } };

export const createJobStatus = ({ rows, onUnreadable }: StoreContext): JobStatus => ({
  async apply(changes) {
    const inOrder = changes.toSorted((left, right) => (left.jobUid < right.jobUid ? -1 : 1));
    await rows.jobs.updateEach(
      inOrder.map(({ tenantId, jobUid, lastRun }) => {
        const order = statusOrder(lastRun);
        return {
          filter: { _id: { $eq: jobUid }, tenantId: { $eq: tenantId }, statusOrder: { $lt: order } },
          update: { $set: { status: lastRun.state, lastRun, statusOrder: order } },
        };
      }),
    );
  },
  async standing(runIds) {
    if (runIds.length === 0) return [];
    const found = await rows.runs.find({ _id: { $in: [...runIds].sort() } }, { fields: STATED_FIELDS });
    return mapReadable(found, asReadable(runOf, onUnreadable)).flatMap((run) => standingOf(run) ?? []);
  },
  /** The place to go on is that of the last run told: `<settledAt>.<runId>`. */
  async settledSince({ since, until, after, limit }) {
    const behind = after === null ? {} : behindOf(after);
    const found = await rows.runs.find(
      { settledAt: { $gte: after === null ? since : instantOf(after), $lt: until }, ...behind },
      { sort: { settledAt: 1, _id: 1 }, limit: limit + 1, fields: FOLDED },
    );
    const part = found.slice(0, limit);
    const last = part.at(-1);
    return {
      changes: mapReadable(
        part,
        asReadable((row) => ({ tenantId: row.tenantId, jobUid: row.jobUid, lastRun: lastRunOf(row) }), onUnreadable),
      ),
      next: found.length > part.length && last !== undefined ? `${last.settledAt}.${last._id}` : null,
    };
  },
  async watermark() {
    return readMeta(rows.meta, "watermark");
  },
  async advance(watermark) {
    await rows.meta.updateMany(WATERMARK, { $max: { value: watermark } });
  },
  async rewind(watermark) {
    await rows.meta.updateMany(WATERMARK, { $min: { value: watermark } });
  },
});

const instantOf = (after: string): number => Number(after.slice(0, after.indexOf(".")));

function behindOf(after: string) {
  const last = { field: "settledAt", value: instantOf(after), id: after.slice(after.indexOf(".") + 1) };
  return behindPosition(last, "$gt");
}
