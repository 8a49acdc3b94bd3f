import { pickLastRun } from "../../../domain/run/run.ts";
import { isCompleted } from "../../../domain/run/run-state.ts";
import { toEndedRun, toRun } from "../../../domain/run/run-record.ts";
import { toStatusChange, type StatusChange } from "../../../domain/job/status-change.ts";
import type { JobStatus } from "../../../ports/jobs/job-status.ts";
import { mapReadable } from "../../../runtime/batch/map-readable.ts";
import type { Answering, StoreContext } from "../context.ts";
import { query } from "../rows.ts";
import { type RunRow, SELECT_RUNS_WITH_OUTPUT, toStoredRun } from "../runs/run-rows.ts";

/** Runs read for one part, as a multiple of those it may have: most ended runs may be skipped ones. */
const RUNS_LOOKED_AT = 4;

/** A change of status as it is sent to the store's thread. `order`: see `statusOrder`. `lastRun`: JSON. */
export interface StatusCall extends Readonly<Record<"tenantId" | "jobUid" | "status" | "order" | "lastRun", string>> {}

/** The port `JobStatus`, with changes in rows. */
export type JobStatusRows = Omit<Answering<JobStatus>, "apply"> & { apply(changes: readonly StatusCall[]): void };

export function openJobStatus({ db, meta, runs, onUnreadable }: StoreContext): JobStatusRows {
  const update = db.prepare(
    `UPDATE jobs SET status = ?, last_run = ?, status_order = ?3
     WHERE uid = ? AND tenant_id = ? AND (status_order IS NULL OR status_order < ?3)`,
  );
  const settled = query<RunRow>(
    db,
    `${SELECT_RUNS_WITH_OUTPUT} WHERE settled_at IS NOT NULL AND settled_at < ? AND (settled_at, run_key) > (?, ?) ORDER BY settled_at, run_key LIMIT ? + 0`,
  );
  return {
    apply(changes) {
      for (const { tenantId, jobUid, status, order, lastRun } of changes) update.run(status, lastRun, order, jobUid, tenantId);
    },
    standing(runIds) {
      const found = [...new Set(runIds)].flatMap((runId) => runs.find(runId) ?? []);
      return mapReadable(found, { kind: "run", idOf: ({ runId }) => runId, map: toRun, onUnreadable }).flatMap(
        (run) => toStatusChange(run) ?? [],
      );
    },
    settledSince({ since, until, after, limit }) {
      const [at = since - 1, key = Number.MAX_SAFE_INTEGER] = after === null ? [] : after.split(".").map(Number);
      const rows = settled.all(until, at, key, RUNS_LOOKED_AT * limit);
      const completed = rows.filter(({ state }) => isCompleted(state));
      const part = completed.slice(0, limit);
      const last = completed.length > limit ? part.at(-1) : rows.length === RUNS_LOOKED_AT * limit ? rows.at(-1) : undefined;
      return {
        changes: mapReadable(part, { kind: "run", idOf: ({ runId }) => runId, map: toChange, onUnreadable }),
        next: last === undefined ? null : `${last.settledAt}.${last.runKey}`,
      };
    },
    watermark: () => meta.get("watermark"),
    advance: (watermark) => meta.raise("watermark", watermark),
    rewind(watermark) {
      if (watermark < meta.get("watermark")) meta.set("watermark", watermark);
    },
  };
}

function toChange(row: RunRow): StatusChange {
  const run = toEndedRun(toStoredRun(row));
  return { tenantId: run.tenantId, jobUid: run.jobUid, lastRun: pickLastRun(run) };
}
