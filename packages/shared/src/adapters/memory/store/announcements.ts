import { isTerminal } from "../../../domain/run-state.ts";
import { isInShard } from "../../../domain/slot.ts";
import type { Announcements } from "../../../ports/announcements.ts";
import { takeReadable } from "../../../runtime/map-readable.ts";
import { asReadable, endedRunOf, type RunRow } from "./run-row.ts";
import { filtered, takeWhile } from "./sorted-index.ts";
import type { MemoryState } from "./state.ts";

export const createAnnouncements = ({ runs, onUnreadable }: MemoryState): Announcements => ({
  async unannounced({ shard, endedBefore, limit }) {
    const old = takeWhile(runs.unannounced.ascending(), ({ finishedAt }) => finishedAt !== null && finishedAt <= endedBefore);
    const mine = filtered(old, ({ origin }: RunRow) => isInShard(origin.slot, shard));
    return takeReadable(mine, limit, asReadable(endedRunOf, onUnreadable));
  },
  async announced(runIds) {
    for (const runId of runIds) {
      const row = runs.get(runId);
      if (row === undefined || !isTerminal(row.state)) continue;
      row.announced = true;
      runs.save(row);
    }
  },
});
