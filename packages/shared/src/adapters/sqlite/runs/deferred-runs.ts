import { FIRST_PLACE, readPublicationPlace } from "../../../domain/queue/priority.ts";
import { makePublishable } from "../../../domain/run/run-changes.ts";
import { resumeResult, type DeferredRuns } from "../../../ports/runs/deferred-runs.ts";
import type { Answering, StoreContext } from "../context.ts";
import { query } from "../rows.ts";
import { IS_OPEN, type RunRow, SELECT_RUNS, toStoredRun } from "./run-rows.ts";

const UNHANDLED = "standing = 'unhandled' AND standing <> 'running' AND runs.slot >= ? AND runs.slot < ?";

export function openDeferredRuns({ db, runs, definitions }: StoreContext): Answering<DeferredRuns> {
  const queues = query<{ queue: string }>(db, `SELECT DISTINCT queue FROM runs WHERE ${UNHANDLED}`);
  const behind = query<RunRow>(
    db,
    `${SELECT_RUNS} WHERE ${UNHANDLED} AND runs.queue = ? AND (rank, run_id) > (9 - ?, ?) AND ${IS_OPEN}
       AND runs.handler IN (SELECT value FROM json_each(?)) ORDER BY rank, run_id LIMIT ? + 0`,
  );
  const waiting = query<{ definitionKey: number }>(
    db,
    "SELECT definition_key AS definitionKey FROM runs WHERE run_id = ? AND standing IN ('publishable', 'published')",
  );
  return {
    queues: ({ from, to }) => queues.all(from, to).map(({ queue }) => queue),
    resume({ shard, queue, handlers, after, limit }) {
      const { priority, runId } = readPublicationPlace(after ?? FIRST_PLACE);
      const found = behind.all(shard.from, shard.to, queue, priority, runId, JSON.stringify(handlers), limit).map(toStoredRun);
      for (const run of found) runs.save(makePublishable(run));
      return resumeResult(found, limit);
    },
    waiting: (runIds) =>
      runIds.filter((runId) => {
        const row = waiting.get(runId);
        return row !== undefined && definitions.isReadable(row.definitionKey);
      }),
  };
}
