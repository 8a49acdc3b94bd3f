import type { Shard } from "../../../domain/slot.ts";
import type { StoreContext } from "../context.ts";
import { inShardQuery } from "./run-changes.ts";
import type { Filter } from "../collections/rows.ts";

/** The queues of runs that stand so (`standing`). From queue to queue, each a seek in the index: a backlog of a hundred thousand runs is not walked through. */
export async function queuesOf({ rows }: StoreContext, waiting: Filter, shard: Shard): Promise<string[]> {
  const queues: string[] = [];
  for (let last = ""; ;) {
    const filter = { ...waiting, queue: { $gt: last }, ...inShardQuery(shard) };
    const [next] = await rows.runs.find(filter, { sort: { queue: 1 }, limit: 1, fields: ["queue"] });
    if (next === undefined) return queues;
    queues.push((last = next.queue));
  }
}
