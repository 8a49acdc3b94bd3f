import type { Instant } from "../../../domain/instant.ts";
import { isInShard, type Shard } from "../../../domain/slot.ts";
import type { WakeResult } from "../../../ports/due-runs.ts";
import { mapReadable } from "../../../runtime/map-readable.ts";
import { endRun, makeDueAgain, makePublishable, waitForAnother } from "./run-changes.ts";
import { isNextOfJob, wakeNext } from "./overlap-waits.ts";
import { asReadable, endedRunOf, expiryOf, type RunRow, waitsForAnother } from "./run-row.ts";
import type { RunTable } from "./run-table.ts";
import type { MemoryState } from "./state.ts";
import { type SortedIndex, take, takeWhile } from "./sorted-index.ts";

interface WakeRequest {
  readonly shard: Shard;
  readonly now: Instant;
  readonly limit: number;
}

type Order = SortedIndex<RunRow>;

/** Wakes what is to be woken: retries, then what has expired, then what is left of publications and deferrals. */
export function wakeRuns({ runs, onUnreadable }: MemoryState, { shard, now, limit }: WakeRequest): WakeResult {
  const kinds: readonly { order: Order; at: (row: RunRow) => Instant | null; wake: (row: RunRow) => void }[] = [
    { order: runs.retries, at: ({ wakeAt }) => wakeAt, wake: (row) => wakeRetry(row, now) },
    { order: runs.expiries, at: expiryOf, wake: (row) => endRun(row, { state: "skipped", reason: "expired", now }) },
    { order: runs.repeats, at: ({ wakeAt }) => wakeAt, wake: (row) => repeat(runs, row, now) },
  ];
  const ended: RunRow[] = [];
  let [ready, more] = [0, false];
  let nextWakeAt: Instant | null = null;
  for (const { order, at, wake } of kinds) {
    const due = takeWhile(order.ascending(), (row) => (at(row) ?? now) <= now);
    const woken = take(due, limit, (row) => isInShard(row.origin.slot, shard));
    for (const row of woken) {
      wake(row);
      runs.save(row);
    }
    const over = woken.filter(({ state }) => state !== "due");
    ready += woken.filter(({ state, standing }) => state === "due" && standing === "publishable").length;
    for (const row of over) ready += wakeNext(runs, row).length;
    ended.push(...over);
    more ||= woken.length >= limit;
  }
  for (const { order, at } of kinds) {
    const [first] = take(order.ascending(), 1, (row) => isInShard(row.origin.slot, shard));
    const wakeAt = first === undefined ? null : at(first);
    if (wakeAt !== null && (nextWakeAt === null || wakeAt < nextWakeAt)) nextWakeAt = wakeAt;
  }
  return { ready, ended: mapReadable(ended, asReadable(endedRunOf, onUnreadable)), nextWakeAt, more };
}

/** Of the runs that wait for another of their job only the first is looked at again: the others wait for it. */
export function repeat(runs: RunTable, row: RunRow, now: Instant): void {
  if (waitsForAnother(row) && !isNextOfJob(runs, row)) waitForAnother(row, now);
  else makePublishable(row);
}

function wakeRetry(row: RunRow, now: Instant): void {
  if (row.cancelRequested) endRun(row, { state: "cancelled", reason: "cancelled", now });
  else makeDueAgain(row, now);
}
