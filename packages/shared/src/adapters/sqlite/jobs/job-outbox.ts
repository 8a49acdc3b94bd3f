import type { JobEvent } from "../../../events/job-event.ts";
import { readJobEvent } from "../../../events/stored-event.ts";
import type { JobOutbox } from "../../../ports/jobs/job-outbox.ts";
import { takeReadable } from "../../../runtime/batch/map-readable.ts";
import type { Answering, StoreContext } from "../context.ts";
import { query } from "../rows.ts";

export function openJobOutbox({ db, onUnreadable }: StoreContext): Answering<JobOutbox> {
  const select = query<{ eventId: string; event: string }>(
    db,
    "SELECT event_id AS eventId, event FROM outbox WHERE slot >= ? AND slot < ? ORDER BY seq",
  );
  const remove = db.prepare("DELETE FROM outbox WHERE event_id = ?");
  const map = ({ event }: { readonly event: string }): JobEvent => readJobEvent(JSON.parse(event));
  return {
    unsent: ({ shard, limit }) =>
      takeReadable(select.iterate(shard.from, shard.to), limit, { kind: "event", idOf: ({ eventId }) => eventId, map, onUnreadable }),
    sent(eventIds) {
      for (const eventId of eventIds) remove.run(eventId);
    },
  };
}
