import { inRange } from "../../../domain/slot.ts";
import type { JobOutbox } from "../../../ports/job-outbox.ts";
import { take } from "./sorted-index.ts";
import type { MemoryState } from "./state.ts";

export const createJobOutbox = ({ outbox }: MemoryState): JobOutbox => ({
  async unsent({ slots, limit }) {
    return take(outbox.unsent.ascending(), limit, ({ row }) => inRange(row.job.slot, slots)).map(({ event }) => event);
  },
  async sent(eventIds) {
    for (const id of eventIds) outbox.remove(id);
  },
});
