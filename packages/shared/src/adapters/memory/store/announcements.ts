import { isTerminal } from "../../../domain/run-state.ts";
import { inRange } from "../../../domain/slot.ts";
import type { Announcements } from "../../../ports/announcements.ts";
import { endedRunOf } from "./run-row.ts";
import { take, takeWhile } from "./sorted-index.ts";
import type { MemoryState } from "./state.ts";

export const createAnnouncements = ({ runs }: MemoryState): Announcements => ({
  async unannounced({ slots, endedBefore, limit }) {
    const old = takeWhile(runs.unannounced.ascending(), ({ finishedAt }) => finishedAt !== null && finishedAt <= endedBefore);
    return take(old, limit, ({ origin }) => inRange(origin.slot, slots)).map(endedRunOf);
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
