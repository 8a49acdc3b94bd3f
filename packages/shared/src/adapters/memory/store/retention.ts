import { isCompleted } from "../../../domain/run-state.ts";
import type { Retention, RetentionRequest } from "../../../ports/retention.ts";
import { cancelOpenRuns } from "./cancel-open.ts";
import type { JobRow } from "./job-table.ts";
import { completeFires } from "./pending-fires.ts";
import type { RunRow } from "./run-row.ts";
import { take, takeWhile } from "./sorted-index.ts";
import type { MemoryState } from "./state.ts";

export const createRetention = (state: MemoryState): Retention => ({
  async sweep(request) {
    const runs = sweepRuns(state, request);
    const requests = sweepBindings(state, request);
    const { tombstones, cancelled } = sweepTombstones(state, request);
    return { runs, requests, tombstones, more: Math.max(runs, requests, tombstones, cancelled) >= request.limit };
  },
});

function sweepRuns(state: MemoryState, { endedBefore, limit }: RetentionRequest): number {
  const old = takeWhile(state.runs.ended.ascending(), ({ finishedAt }) => finishedAt !== null && finishedAt < endedBefore);
  const gone = take(old, limit, (row) => row.announced && isFolded(row, state));
  for (const row of gone) state.runs.remove(row);
  return gone.length;
}

/** What was skipped or missed changes no job's status, so there is nothing to fold. */
const isFolded = ({ state, settledAt }: RunRow, { watermark }: MemoryState): boolean =>
  !isCompleted(state) || (settledAt !== null && settledAt < watermark);

function sweepBindings({ bindings, bindingsByAge }: MemoryState, { boundBefore, limit }: RetentionRequest): number {
  const isOld = (name: string): boolean => (bindings.get(name)?.boundAt ?? boundBefore) < boundBefore;
  const gone = take(takeWhile(bindingsByAge.ascending(), isOld), limit);
  for (const name of gone) {
    bindings.delete(name);
    bindingsByAge.delete(name);
  }
  return gone.length;
}

function sweepTombstones(state: MemoryState, { now, deletedBefore, limit }: RetentionRequest): { tombstones: number; cancelled: number } {
  const old = take(
    takeWhile(state.jobs.tombstones.ascending(), ({ job }) => job.updatedAt < deletedBefore),
    Infinity,
  );
  let cancelled = 0;
  for (const row of old) {
    completeFires(state, row);
    cancelled += cancelOpenRuns(state.runs, row.job.uid, { now, limit: limit - cancelled }).length;
  }
  const gone = take(old, limit, (row) => isOver(state, row));
  for (const row of gone) state.jobs.remove(row);
  return { tombstones: gone.length, cancelled };
}

const isOver = ({ runs }: MemoryState, { job, unsent }: JobRow): boolean =>
  unsent.size === 0 && take(runs.openOf.ascending(job.uid), 1).length === 0;
