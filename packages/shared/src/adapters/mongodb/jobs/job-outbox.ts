import type { JobOutbox } from "../../../ports/jobs/job-outbox.ts";
import type { JobEvent } from "../../../events/job-event.ts";
import { readJobEvent } from "../../../events/stored-event.ts";
import { mapReadable } from "../../../runtime/batch/map-readable.ts";
import { readEnough } from "../../../runtime/batch/read-enough.ts";
import type { StoreContext } from "../context.ts";
import { inShardQuery } from "../runs/run-changes.ts";

export const createJobOutbox = ({ rows, onUnreadable }: StoreContext): JobOutbox => ({
  /**
   * A page of jobs, and of their events the oldest. MongoDB reads the page from where the index begins, at the oldest; to ask for that order would
   * have it sort all jobs with unsent events, as no index of an array's entries has the order of the arrays. Sent events are not read again.
   */
  async unsent({ shard, limit: eventsMax }) {
    return readEnough<JobEvent>(eventsMax, async (limit) => {
      const jobs = await rows.jobs.find({ "outbox.time": { $gt: 0 }, ...inShardQuery(shard) }, { limit, fields: ["outbox"] });
      const stored = jobs.flatMap(({ outbox }) => outbox as readonly unknown[]);
      const readEventId = (event: unknown): string => String((event as JobEvent | null)?.id);
      return {
        items: mapReadable(stored, { kind: "event", idOf: readEventId, map: readJobEvent, onUnreadable }).sort(byTime),
        met: stored.length,
      };
    });
  },
  async sent(eventIds) {
    const ids = { $in: eventIds };
    await rows.jobs.updateMany({ "outbox.time": { $gt: 0 }, "outbox.id": ids }, { $pull: { outbox: { id: ids } } });
  },
});

const byTime = (left: JobEvent, right: JobEvent): number => left.time - right.time;
