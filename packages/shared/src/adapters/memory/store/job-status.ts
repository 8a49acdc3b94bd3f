import { standingOf, supersedes, type StatusChange } from "../../../domain/status-change.ts";
import type { JobStatus } from "../../../ports/job-status.ts";
import { mapReadable } from "../../../runtime/map-readable.ts";
import { lastRunIn } from "./read-job.ts";
import { asReadable, lastRunOf, runOf, type RunRow } from "./run-row.ts";
import { type Position, take, takeWhile } from "./sorted-index.ts";
import type { MemoryState } from "./state.ts";

export const createJobStatus = (state: MemoryState): JobStatus => ({
  async apply(changes) {
    for (const { tenantId, jobUid, lastRun } of changes) {
      const row = state.jobs.get(jobUid);
      if (row?.job.tenantId !== tenantId || !supersedes(lastRun, lastRunIn(row))) continue;
      row.job = { ...row.job, status: lastRun.state, lastRun };
      state.jobs.save(row);
    }
  },
  async standing(runIds) {
    const rows = [...new Set(runIds)].flatMap((runId) => state.runs.get(runId) ?? []);
    return mapReadable(rows, asReadable(runOf, state.onUnreadable)).flatMap((run) => standingOf(run) ?? []);
  },
  async settledSince({ since, until, after, limit }) {
    const behind: Position = after === null ? { at: since, id: "" } : positionOf(after);
    const settled = takeWhile(state.runs.settled.ascending(behind), ({ settledAt }) => settledAt !== null && settledAt < until);
    const found = take(settled, limit + 1);
    const part = found.slice(0, limit);
    const last = part.at(-1);
    return {
      changes: mapReadable(part, asReadable(changeOf, state.onUnreadable)),
      next: found.length > part.length && last !== undefined ? `${last.settledAt}.${last.runId}` : null,
    };
  },
  async watermark() {
    return state.watermark;
  },
  async advance(watermark) {
    state.watermark = Math.max(state.watermark, watermark);
  },
  async rewind(watermark) {
    state.watermark = Math.min(state.watermark, watermark);
  },
});

const changeOf = (row: RunRow): StatusChange => ({ tenantId: row.origin.tenantId, jobUid: row.origin.jobUid, lastRun: lastRunOf(row) });

function positionOf(after: string): Position {
  const dot = after.indexOf(".");
  return { at: Number(after.slice(0, dot)), id: after.slice(dot + 1) };
}
