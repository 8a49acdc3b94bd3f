import type { SlotRange } from "../../domain/slot.ts";
import type { StoreContext } from "./context.ts";
import { inSlots } from "./run-changes.ts";
import { type Standing, standing } from "./run-row.ts";

/** From queue to queue, each a seek in the index: a backlog of a hundred thousand runs is not walked through. */
export async function queuesOf({ rows }: StoreContext, waiting: Standing, slots: SlotRange): Promise<string[]> {
  const queues: string[] = [];
  for (let last = ""; ;) {
    const filter = { ...standing(waiting), queue: { $gt: last }, ...inSlots(slots) };
    const [next] = await rows.runs.find(filter, { sort: { queue: 1 }, limit: 1, fields: ["queue"] });
    if (next === undefined) return queues;
    queues.push((last = next.queue));
  }
}
