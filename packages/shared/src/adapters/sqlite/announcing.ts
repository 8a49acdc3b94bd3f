import { AppError } from "../../domain/app-error.ts";
import { evaluate } from "../../domain/evaluation.ts";
import type { EndedRun } from "../../domain/settlement.ts";
import { isInShard } from "../../domain/slot.ts";
import type { Announcements } from "../../ports/announcements.ts";
import type { Core } from "./core.ts";
import { endedRunOf } from "./run-view.ts";

type UnannouncedQuery = Parameters<Announcements["unannounced"]>[0];

/** One that cannot be read is passed by, and takes no place: the file being opened again, it is tried again. */
export const readUnannounced =
  (core: Core) =>
  ({ shard, endedBefore, limit }: UnannouncedQuery): EndedRun[] => {
    const { endings, onUnreadable } = core;
    const old = [...endings.unannounced].filter(([, { settledAt }]) => settledAt <= endedBefore);
    old.sort(([, left], [, right]) => left.settledAt - right.settledAt);
    const runs: EndedRun[] = [];
    for (const [runId] of old) {
      if (runs.length === limit) break;
      const read = evaluate(() => readOne(core, runId));
      if (read.kind === "not_evaluated") {
        endings.passBy(runId);
        onUnreadable({ kind: "run", id: runId, reason: read.reason });
      } else if (isInShard(read.value.slot, shard)) runs.push(read.value.run);
    }
    return runs;
  };

function readOne({ ids, readRun }: Core, runId: string): { readonly slot: number; readonly run: EndedRun } {
  const row = readRun(ids.find(runId));
  if (row === null) throw new AppError("store_corrupt", `run ${runId}: its row is gone`);
  return { slot: row.slot, run: endedRunOf(row) };
}
