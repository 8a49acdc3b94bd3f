import type { DeferredRuns } from "../../../ports/deferred-runs.ts";
import { withIds } from "../collections/rows.ts";
import type { StoreContext } from "../context.ts";
import { readDueRuns, readQueues } from "./due-run-reads.ts";
import { allOf, inShardQuery, makePublishable } from "./run-changes.ts";
import { FOR_UNKNOWN_HANDLER } from "./run-row.ts";

export function createDeferredRuns(context: StoreContext): DeferredRuns {
  const { runs } = context.rows;
  return {
    queues: (shard) => readQueues(context, FOR_UNKNOWN_HANDLER, shard),
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
      // It is not asked which of them were changed: one that was claimed since waits no more either.
      await runs.updateMany({ ...withIds(runIds), ...FOR_UNKNOWN_HANDLER }, allOf(makePublishable));
      return { runIds, next };
    },
    async waiting(runIds) {
      const found = await runs.find({ ...withIds(runIds), standing: { $in: ["publishable", "published"] } });
      return (await readDueRuns(context, found)).items.map(({ runId }) => runId);
    },
  };
}
