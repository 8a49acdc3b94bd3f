import { inRange } from "../../../domain/slot.ts";
import type { JobOutbox } from "../../../ports/job-outbox.ts";
import type { MemoryState } from "./state.ts";

export const createJobOutbox = ({ jobs }: MemoryState): JobOutbox => ({
  async unsent({ slots, limit }) {
    const events = [...jobs.unsent].filter(({ job }) => inRange(job.slot, slots)).flatMap(({ outbox }) => [...outbox.values()]);
    return events.toSorted((left, right) => left.time - right.time).slice(0, limit);
  },
  async sent(eventIds) {
    for (const row of jobs.unsent) {
      for (const id of eventIds) row.outbox.delete(id);
      jobs.save(row);
    }
  },
});
