import { isCompleted } from "../../domain/run/run-state.ts";
import { pickLastRun } from "../../domain/run/run.ts";
import { toEndedRun, toRun } from "../../domain/run/run-record.ts";
import { type StatusChange, toStatusChange, supersedes } from "../../domain/job/status-change.ts";
import type { JobStatus } from "../../ports/jobs/job-status.ts";
import { mapReadable } from "../../runtime/batch/map-readable.ts";
import { ascending, readLastRun, type MemoryState, readable, type StoredRun } from "./state.ts";

export const createJobStatus = (state: MemoryState): JobStatus => ({
  async apply(changes) {
    for (const { tenantId, jobUid, lastRun } of changes) {
      const stored = state.jobs.get(jobUid);
      if (stored?.job.tenantId !== tenantId || !supersedes(lastRun, readLastRun(stored))) continue;
      stored.job = { ...stored.job, status: lastRun.state, lastRun };
    }
  },
  async standing(runIds) {
    const found = [...new Set(runIds)].flatMap((runId) => state.runs.get(runId) ?? []);
    return mapReadable(found, readable(state, toRun)).flatMap((run) => toStatusChange(run) ?? []);
  },
  /** A part continues after the last run of the previous one: `<settledAt>.<run id>`. */
  async settledSince({ since, until, after, limit }) {
    const [at = since, runId = ""] = after === null ? [] : [Number(after.split(".")[0]), after.split(".")[1]];
    const isMeant = (run: StoredRun): boolean =>
      isCompleted(run.state) &&
      run.settledAt !== null &&
      run.settledAt < until &&
      (run.settledAt > at || (run.settledAt === at && run.runId > runId));
    const found = [...state.runs.values()].filter(isMeant).sort(ascending("settledAt", "runId"));
    const part = found.slice(0, limit);
    const last = part.at(-1);
    return {
      changes: mapReadable(part, readable(state, toChange)),
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

function toChange(run: StoredRun): StatusChange {
  const ended = toEndedRun(run);
  return { tenantId: ended.tenantId, jobUid: ended.jobUid, lastRun: pickLastRun(ended) };
}
