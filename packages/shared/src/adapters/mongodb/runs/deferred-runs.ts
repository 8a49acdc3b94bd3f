import type { DeferredRuns } from "../../../ports/deferred-runs.ts";
import type { StoreContext } from "../context.ts";
import { dueRunsOf } from "./due-runs.ts";
import { queuesOf } from "./waiting-queues.ts";
import { allOf, inShardQuery, makePublishable } from "./run-changes.ts";
import { FOR_UNKNOWN_HANDLER } from "./run-row.ts";

export function createDeferredRuns(context: StoreContext): DeferredRuns {
  const { runs } = context.rows;
  return {
    queues: (shard) => queuesOf(context, FOR_UNKNOWN_HANDLER, shard),
    async resume({ shard, queue, handlers, after, limit }) {
      const filter = {
        ...FOR_UNKNOWN_HANDLER,
        queue: { $eq: queue },
        ...inShardQuery(shard),
        handler: { $in: handlers },
        ...(after !== null && { _id: { $gt: after } }),
      };
      const found = await runs.find(filter, { sort: { _id: 1 }, limit, fields: ["state"] });
      const runIds = found.map(({ _id }) => _id);
      const next = runIds.length < limit ? null : (runIds.at(-1) ?? null);
      // Not which of them were changed: one that was claimed since waits no more, and that is all that is asked of them.
      if (runIds.length > 0) await runs.updateMany({ _id: { $in: runIds }, ...FOR_UNKNOWN_HANDLER }, allOf(makePublishable));
      return { runIds, next };
    },
    async waiting(runIds) {
      if (runIds.length === 0) return [];
      const found = await runs.find({ _id: { $in: [...runIds] }, standing: { $in: ["publishable", "published"] } });
      return (await dueRunsOf(context, found)).items.map(({ runId }) => runId);
    },
  };
}
