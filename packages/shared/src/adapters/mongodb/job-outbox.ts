import type { JobOutbox } from "../../ports/job-outbox.ts";
import type { StoreContext } from "./context.ts";
import { inSlots } from "./run-changes.ts";

export const createJobOutbox = ({ rows }: StoreContext): JobOutbox => ({
  /**
   * A page of jobs, and of their events the oldest. MongoDB reads the page from where the index begins, at the oldest; to ask for that order would
   * have it sort all jobs with unsent events, as no index of an array's entries has the order of the arrays. What is sent is not met again.
   */
  async unsent({ slots, limit }) {
    const jobs = await rows.jobs.find({ "outbox.time": { $gt: 0 }, ...inSlots(slots) }, { limit, fields: ["outbox"] });
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
