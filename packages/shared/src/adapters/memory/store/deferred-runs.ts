import { isInShard, type Shard } from "../../../domain/slot.ts";
import { mapReadable } from "../../../runtime/map-readable.ts";
import type { DeferredRuns } from "../../../ports/deferred-runs.ts";
import { makePublishable } from "./run-changes.ts";
import { asReadable, dueRunOf, isForUnknownHandler, type RunRow } from "./run-row.ts";
import { take } from "./sorted-index.ts";
import type { MemoryState } from "./state.ts";

export const createDeferredRuns = ({ runs, onUnreadable }: MemoryState): DeferredRuns => ({
  async queues(shard) {
    const rows = take(runs.deferred.ascending(), Infinity, (row) => isForUnknownHandler(row) && isIn(row, shard));
    return [...new Set(rows.map(({ origin }) => origin.definition.queue))];
  },
  async resume({ shard, queue, handlers, after, limit }) {
    const wanted = new Set(handlers);
    const isMeant = (row: RunRow): boolean =>
      isForUnknownHandler(row) && isIn(row, shard) && row.origin.definition.queue === queue && wanted.has(row.origin.definition.handler);
    const rows = take(runs.deferred.ascending(after === null ? null : { at: 0, id: after }), limit, isMeant);
    for (const row of rows) {
      makePublishable(row);
      runs.save(row);
    }
    const runIds = rows.map(({ runId }) => runId);
    return { runIds, next: runIds.length < limit ? null : (runIds.at(-1) ?? null) };
  },
  async waiting(runIds) {
    const rows = runIds
      .flatMap((runId) => runs.get(runId) ?? [])
      .filter(({ state, standing }) => state === "due" && standing !== "deferred");
    return mapReadable(
      rows,
      asReadable((row) => dueRunOf(row, null).runId, onUnreadable),
    );
  },
});

const isIn = ({ origin }: RunRow, shard: Shard): boolean => isInShard(origin.slot, shard);
