import type { JobOutbox } from "../../ports/job-outbox.ts";
import type { StoreContext } from "./context.ts";
import { inSlots } from "./run-changes.ts";

export const createJobOutbox = ({ rows }: StoreContext): JobOutbox => ({
  /** The oldest events stand in the jobs whose oldest event is oldest. */
  async unsent({ slots, limit }) {
    const query = { sort: { "outbox.time": 1 }, limit, fields: ["outbox"] } as const;
    const jobs = await rows.jobs.find({ "outbox.time": { $gt: 0 }, ...inSlots(slots) }, query);
    return jobs
      .flatMap(({ outbox }) => outbox)
      .sort((left, right) => left.time - right.time)
      .slice(0, limit);
  },
  async sent(eventIds) {
    if (eventIds.length === 0) return;
    const ids = { $in: eventIds };
    await rows.jobs.updateMany({ "outbox.time": { $gt: 0 }, "outbox.id": ids }, { $pull: { outbox: { id: ids } } });
  },
});
