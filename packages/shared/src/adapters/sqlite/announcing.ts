import type { EndedRun } from "../../domain/settlement.ts";
import { inRange } from "../../domain/slot.ts";
import type { Announcements } from "../../ports/announcements.ts";
import type { Core } from "./core.ts";
import { endedRunOf } from "./run-view.ts";

type UnannouncedQuery = Parameters<Announcements["unannounced"]>[0];

export const readUnannounced =
  ({ endings, ids, readRun }: Core) =>
  ({ slots, endedBefore, limit }: UnannouncedQuery): EndedRun[] => {
    const old = [...endings.unannounced].filter(([, { settledAt }]) => settledAt <= endedBefore);
    old.sort(([, left], [, right]) => left.settledAt - right.settledAt);
    const runs: EndedRun[] = [];
    for (const [runId] of old) {
      if (runs.length === limit) break;
      const row = readRun(ids.find(runId));
      if (row !== null && inRange(row.slot, slots)) runs.push(endedRunOf(row));
    }
    return runs;
  };
