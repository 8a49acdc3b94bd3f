import type { Announcements } from "../../../ports/announcements.ts";
import { mapReadable } from "../../../runtime/map-readable.ts";
import { readEnough } from "../../../runtime/read-enough.ts";
import type { StoreContext } from "../context.ts";
import { upTo } from "../collections/indexes.ts";
import { inShardQuery } from "./run-changes.ts";
import { asReadable, endedRunOf } from "./run-view.ts";

export const createAnnouncements = ({ rows: { runs }, onUnreadable }: StoreContext): Announcements => ({
  unannounced({ shard, endedBefore, limit: runsMax }) {
    const filter = { announce: upTo(endedBefore), ...inShardQuery(shard) };
    return readEnough(runsMax, async (limit) => {
      const rows = await runs.find(filter, { sort: { announce: 1, _id: 1 }, limit });
      return { items: mapReadable(rows, asReadable(endedRunOf, onUnreadable)), met: rows.length };
    });
  },
  /** Only a run that has ended has an announcement. */
  async announced(runIds) {
    if (runIds.length === 0) return;
    await runs.updateMany({ _id: { $in: runIds.toSorted() }, announce: { $exists: true } }, { $unset: { announce: "" } });
  },
});
