import { FIRST_PLACE, readPublicationPlace } from "../../../domain/queue/priority.ts";
import { resumeResult, type DeferredRuns, type ResumeRequest } from "../../../ports/runs/deferred-runs.ts";
import { withIds } from "../collections/rows.ts";
import type { StoreContext } from "../context.ts";
import { readDueRuns, readQueues } from "./due-run-reads.ts";
import { mergeUpdates, inShardQuery, makePublishable } from "./run-changes.ts";
import { FOR_UNKNOWN_HANDLER, toRunPlace } from "./run-row.ts";

/** Runs after a position in the order of publication: one range of the index for each priority, until there are enough. */
async function findBehind({ rows }: StoreContext, { shard, queue, handlers, after, limit }: ResumeRequest) {
  const { priority: from, runId } = readPublicationPlace(after ?? FIRST_PLACE);
  const found: { readonly runId: string; readonly priority: number }[] = [];
  for (let priority = from; priority >= 0 && found.length < limit; priority -= 1) {
    const { raisedBy = null, loweredBy = null } = toRunPlace(priority);
    const filter = {
      ...FOR_UNKNOWN_HANDLER,
      queue: { $eq: queue },
      raisedBy: { $in: [raisedBy] },
      loweredBy: { $in: [loweredBy] },
      ...inShardQuery(shard),
      handler: { $in: handlers },
      ...(priority === from && { _id: { $gt: runId } }),
    };
    const page = await rows.runs.find(filter, { sort: { _id: 1 }, limit: limit - found.length, fields: ["state"] });
    for (const { _id } of page) found.push({ runId: _id, priority });
  }
  return found;
}

export function createDeferredRuns(context: StoreContext): DeferredRuns {
  const { runs } = context.rows;
  return {
    queues: (shard) => readQueues(context, FOR_UNKNOWN_HANDLER, shard),
    async resume(request) {
      const result = resumeResult(await findBehind(context, request), request.limit);
      // It is not read which of them were changed: a run that was claimed since does not wait either.
      await runs.updateMany({ ...withIds(result.runIds), ...FOR_UNKNOWN_HANDLER }, mergeUpdates(makePublishable));
      return result;
    },
    async waiting(runIds) {
      const found = await runs.find({ ...withIds(runIds), standing: { $in: ["publishable", "published"] } });
      return (await readDueRuns(context, found)).items.map(({ runId }) => runId);
    },
  };
}
