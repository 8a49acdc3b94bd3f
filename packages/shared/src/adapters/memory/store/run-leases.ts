import type { Instant } from "../../../domain/instant.ts";
import { isInShard } from "../../../domain/slot.ts";
import type { Rescue, RunLeases } from "../../../ports/run-leases.ts";
import { endAttempt, endRun, makeDueAgain } from "./run-changes.ts";
import { mapReadable } from "../../../runtime/map-readable.ts";
import { wakeNext } from "./overlap-waits.ts";
import { asReadable, endedRunOf, leaseViewOf, type RunRow } from "./run-row.ts";
import { take, takeWhile } from "./sorted-index.ts";
import type { MemoryState } from "./state.ts";

export const createRunLeases = ({ runs, onUnreadable }: MemoryState): RunLeases => ({
  async ending({ shard, now, after, limit }) {
    const passed = new Set(after?.runIds);
    const from = after === null ? null : { at: after.expiresAt, id: "" };
    const over = takeWhile(runs.leased.ascending(from), ({ lease }) => lease !== null && lease.expiresAt <= now);
    const rows = take(
      over,
      limit,
      ({ state, origin, runId }) => state === "running" && isInShard(origin.slot, shard) && !passed.has(runId),
    );
    return rows.flatMap((row) => (row.lease === null ? [] : [leaseViewOf(row, row.lease)]));
  },
  async rescue({ rescues, now }) {
    const ended: RunRow[] = [];
    let rescued = 0;
    for (const rescue of rescues) {
      const row = runs.get(rescue.runId);
      if (row === undefined || !isHeld(row, rescue)) continue;
      rescueRun(row, rescue, now);
      runs.save(row);
      wakeNext(runs, row);
      rescued += 1;
      if (row.state !== "due") ended.push(row);
    }
    return { rescued, ended: mapReadable(ended, asReadable(endedRunOf, onUnreadable)) };
  },
});

const isHeld = ({ state, lease }: RunRow, { expiresAt }: Rescue): boolean => state === "running" && lease?.expiresAt === expiresAt;

function rescueRun(row: RunRow, { to, error }: Rescue, now: Instant): void {
  endAttempt(row, { state: "lost", finishedAt: now, error: null });
  row.rescues += 1;
  if (to !== "due") endRun(row, { state: to, now, error: error ?? row.error });
  else if (row.cancelRequested) endRun(row, { state: "cancelled", now });
  else makeDueAgain(row, now);
}
