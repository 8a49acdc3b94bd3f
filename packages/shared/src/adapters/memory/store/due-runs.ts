import { nextBackoffMs } from "../../../domain/backoff.ts";
import { wasAsideSince } from "../../../domain/overlap.ts";
import { WAITED_TOO_LONG } from "../../../domain/run-error.ts";
import { isInShard, type Shard } from "../../../domain/slot.ts";
import type { DueRuns } from "../../../ports/due-runs.ts";
import { mapReadable, takeReadable } from "../../../runtime/map-readable.ts";
import { wakeNext } from "./overlap-waits.ts";
import { lastRunIn } from "./read-job.ts";
import { resetWaits } from "./reset-waits.ts";
import { endRun } from "./run-changes.ts";
import { asReadable, dueRunOf, endedRunOf, type RunRow } from "./run-row.ts";
import { filtered, take } from "./sorted-index.ts";
import type { MemoryState } from "./state.ts";
import { wakeRuns } from "./wake.ts";

export function createDueRuns(state: MemoryState): DueRuns {
  const { jobs, runs, onUnreadable } = state;
  return {
    async publishable({ shard, queue, limit, rescuesBelow = Infinity }) {
      const isWanted = (row: RunRow): boolean => isIn(shard)(row) && !(row.rescues >= rescuesBelow);
      const rows = filtered(runs.publishable.get(queue)?.ascending() ?? [], isWanted);
      const read = (row: RunRow) => dueRunOf(row, lastRunIn(jobs.get(row.origin.jobUid)));
      return takeReadable(rows, limit, asReadable(read, onUnreadable));
    },
    async queues(shard) {
      return [...runs.publishable].filter(([, rows]) => take(rows.ascending(), 1, isIn(shard)).length > 0).map(([queue]) => queue);
    },
    async published({ runs: publications, now, repeatMs, repeatMsMax }) {
      for (const { runId, attempt, publishedAt } of publications) {
        const row = runs.get(runId);
        if (row?.state !== "due" || row.attempt !== attempt || row.standing !== "publishable") continue;
        if (wasAsideSince(row.asideAt, { publishedAt, now })) continue;
        row.repeatMs = nextBackoffMs(row.repeatMs, repeatMs, repeatMsMax);
        row.standing = "published";
        row.wakeAt = now + row.repeatMs;
        runs.save(row);
      }
    },
    async unclaimed(shard) {
      return countByQueue(filtered(runs.published.ascending(), isIn(shard)));
    },
    async unclaimedRescued(shard, rescuesMin) {
      return countByQueue(filtered(runs.published.ascending(), (row) => isIn(shard)(row) && row.rescues >= rescuesMin));
    },
    async wake(request) {
      return wakeRuns(state, request);
    },
    async closeWaiting({ shard, dueBefore, now, limit }) {
      const due = [...runs.publishable.values(), runs.published, runs.deferred].flatMap((order) => [...order.ascending()]);
      const late = due.filter((row) => row.dueAt < dueBefore && isInShard(row.origin.slot, shard));
      const oldest = late.sort((left, right) => (left.runId < right.runId ? -1 : 1)).slice(0, limit);
      for (const row of oldest) {
        const started = row.firstStartedAt !== null;
        if (started) endRun(row, { state: "failed", reason: "retention", error: row.error ?? WAITED_TOO_LONG, now });
        else endRun(row, { state: "skipped", reason: "retention", now });
        runs.save(row);
        wakeNext(runs, row);
      }
      return mapReadable(oldest, asReadable(endedRunOf, onUnreadable));
    },
    async resetWaits(request) {
      return resetWaits(runs, request);
    },
  };
}

function countByQueue(rows: Iterable<RunRow>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { origin } of rows) counts[origin.definition.queue] = (counts[origin.definition.queue] ?? 0) + 1;
  return counts;
}

const isIn =
  (shard: Shard) =>
  ({ origin }: RunRow): boolean =>
    isInShard(origin.slot, shard);
