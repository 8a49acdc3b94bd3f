import { makePublishable } from "../../domain/run-changes.ts";
import { ALL_SLOTS } from "../../domain/slot.ts";
import type { DeferredRuns } from "../../ports/deferred-runs.ts";
import { byId, canBeRun, type MemoryState, openRunsIn, saveRun } from "./state.ts";

export const createDeferredRuns = (state: MemoryState): DeferredRuns => ({
  async queues(shard) {
    return [...new Set(openRunsIn(state, shard, "unhandled").map(({ queue }) => queue))];
  },
  async resume({ shard, queue, handlers, after, limit }) {
    const meant = openRunsIn(state, shard, "unhandled").filter(
      (run) => run.queue === queue && handlers.includes(run.handler) && run.runId > (after ?? ""),
    );
    const resumed = meant.sort(byId).slice(0, limit);
    for (const run of resumed) saveRun(state, makePublishable(run));
    const runIds = resumed.map(({ runId }) => runId);
    return { runIds, next: runIds.length < limit ? null : (runIds.at(-1) ?? null) };
  },
  async waiting(runIds) {
    const wanted = new Set(runIds);
    const found = openRunsIn(state, ALL_SLOTS, "publishable", "published").filter(({ runId }) => wanted.has(runId));
    return found.filter((run) => canBeRun(state, run)).map(({ runId }) => runId);
  },
});
