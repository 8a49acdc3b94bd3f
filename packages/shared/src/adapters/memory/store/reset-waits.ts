import { STORE_TIME_DIFFERENCE_MS_MAX } from "../../../domain/time-limits.ts";
import { isInShard } from "../../../domain/slot.ts";
import type { DueRuns } from "../../../ports/due-runs.ts";
import type { RunRow } from "./run-row.ts";
import type { RunTable } from "./run-table.ts";
import { repeat } from "./wake.ts";

type Request = Parameters<DueRuns["resetWaits"]>[0];

export function resetWaits(runs: RunTable, request: Request): number {
  const waiting = [...runs.retries.ascending(), ...runs.repeats.ascending(), ...runs.leased.ascending()];
  const wrong = waiting.filter((row) => isInShard(row.origin.slot, request.shard) && reset(runs, row, request));
  for (const row of wrong) runs.save(row);
  return wrong.length;
}

/** True if it had to be. */
function reset(runs: RunTable, row: RunRow, { now, waitMsMax }: Request): boolean {
  const latest = now + STORE_TIME_DIFFERENCE_MS_MAX;
  if (row.lease !== null) {
    if (row.lease.expiresAt <= latest + row.lease.leaseMs) return false;
    row.lease = { ...row.lease, expiresAt: now + row.lease.leaseMs };
    return true;
  }
  const wakeAt = row.wakeAt ?? now;
  if (row.state === "due") {
    if (wakeAt <= latest + waitMsMax) return false;
    repeat(runs, row, now);
    return true;
  }
  const failedAt = row.attempts.at(-1)?.finishedAt ?? now;
  if (failedAt <= latest || wakeAt < failedAt) return false;
  row.wakeAt = now + wakeAt - failedAt;
  return true;
}
