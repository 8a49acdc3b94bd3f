import { isInShard, type Shard } from "../../domain/slot.ts";
import type { DeferredRuns, ResumeRequest, ResumeResult } from "../../ports/deferred-runs.ts";
import type { Core } from "./core.ts";
import { isForUnknownHandler, type OpenRun } from "./open-run.ts";
import { makePublishable } from "./run-waits.ts";
import { compareTexts } from "./uid-index.ts";

export const deferredQueues =
  ({ open }: Core) =>
  ({ shard }: { readonly shard: Shard }): string[] => {
    const queues = new Set<string>();
    for (const run of open.deferred) if (isForUnknownHandler(run) && isInShard(run.slot, shard)) queues.add(run.traits.queue);
    return [...queues];
  };

export const resumeDeferred =
  (core: Core) =>
  ({ shard, queue, handlers, after, limit }: ResumeRequest): ResumeResult => {
    const wanted = new Set(handlers);
    const first = createFirstRuns(limit);
    for (const run of core.open.deferred) {
      const { traits, slot, runId } = run;
      if (traits.queue !== queue || !wanted.has(traits.handler) || !isInShard(slot, shard) || !isForUnknownHandler(run)) continue;
      if (after === null || compareTexts(runId, after) > 0) first.add(run);
    }
    for (const run of first.runs) makePublishable(core, run);
    const runIds = first.runs.map(({ runId }) => runId);
    return { runIds, next: runIds.length < limit ? null : (runIds.at(-1) ?? null) };
  };

/** The first runs by id of all that are added. They mostly come in order, and then each costs a comparison. */
function createFirstRuns(limit: number) {
  const runs: OpenRun[] = [];
  return {
    runs,
    add(run: OpenRun): void {
      const last = runs.at(-1);
      if (runs.length >= limit && (last === undefined || compareTexts(run.runId, last.runId) > 0)) return;
      const place = runs.findLastIndex(({ runId }) => compareTexts(runId, run.runId) < 0) + 1;
      runs.splice(place, 0, run);
      if (runs.length > limit) runs.pop();
    },
  };
}

type WaitingRequest = { readonly runIds: Parameters<DeferredRuns["waiting"]>[0] };

export const waitingRuns =
  ({ open }: Core) =>
  ({ runIds }: WaitingRequest): string[] =>
    runIds.filter((runId) => {
      const mode = open.byId.get(runId)?.mode;
      return mode === "ready" || mode === "published";
    });
