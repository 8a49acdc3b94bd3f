import { isInShard } from "../../../domain/slot.ts";
import type { JobOutbox } from "../../../ports/job-outbox.ts";
import { take } from "./sorted-index.ts";
import type { MemoryState } from "./state.ts";

export const createJobOutbox = ({ outbox }: MemoryState): JobOutbox => ({
  async unsent({ shard, limit }) {
    return take(outbox.unsent.ascending(), limit, ({ row }) => isInShard(row.job.slot, shard)).map(({ event }) => event);
  },
  async sent(eventIds) {
    for (const id of eventIds) outbox.remove(id);
  },
});
