import type { Announcements } from "../../../ports/runs/announcements.ts";
import { readEnough } from "../../../runtime/batch/read-enough.ts";
import { upTo } from "../collections/indexes.ts";
import { withIds } from "../collections/rows.ts";
import type { StoreContext } from "../context.ts";
import { inShardQuery } from "./run-changes.ts";
import { toEndedRuns } from "./run-view.ts";

export const createAnnouncements = (context: StoreContext): Announcements => ({
  unannounced({ shard, endedBefore, limit: runsMax }) {
    const filter = { announce: upTo(endedBefore), ...inShardQuery(shard) };
    return readEnough(runsMax, async (limit) => {
      const rows = await context.rows.runs.find(filter, { sort: { announce: 1, _id: 1 }, limit });
      return { items: toEndedRuns(context, rows), met: rows.length };
    });
  },
  /** Only a run that has ended has an announcement. */
  async announced(runIds) {
    await context.rows.runs.updateMany({ ...withIds(runIds), announce: { $exists: true } }, { $unset: { announce: "" } });
  },
});
