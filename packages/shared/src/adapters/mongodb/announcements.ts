import type { Announcements } from "../../ports/announcements.ts";
import type { StoreContext } from "./context.ts";
import { upTo } from "./indexes.ts";
import { inSlots } from "./run-changes.ts";
import { endedRunOf } from "./run-view.ts";

export const createAnnouncements = ({ rows: { runs } }: StoreContext): Announcements => ({
  async unannounced({ slots, endedBefore, limit }) {
    const filter = { announce: upTo(endedBefore), ...inSlots(slots) };
    return (await runs.find(filter, { sort: { announce: 1, _id: 1 }, limit })).map(endedRunOf);
  },
  /** Only a run that has ended has an announcement. */
  async announced(runIds) {
    if (runIds.length === 0) return;
    await runs.updateMany({ _id: { $in: runIds.toSorted() }, announce: { $exists: true } }, { $unset: { announce: "" } });
  },
});
