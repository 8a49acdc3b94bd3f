import type { Instant } from "../../domain/instant.ts";
import { wasAsideSince } from "../../domain/overlap.ts";
import { endRetryWait, endWaitedTooLong, expire } from "../../domain/run-changes.ts";
import type { Standing } from "../../domain/run-record.ts";
import type { Shard } from "../../domain/slot.ts";
import { STORE_TIME_DIFFERENCE_MS_MAX } from "../../domain/time-limits.ts";
import type { DueRuns } from "../../ports/due-runs.ts";
import { takeReadable } from "../../runtime/map-readable.ts";
import { repeat, wakeNext } from "./overlap.ts";
import { by, byId, type MemoryState, openRunsIn, readableRuns, readDueRun, saveRun, type StoredRun, toEnded } from "./state.ts";

/** Due runs that a time makes publishable again. */
const REPEATED: readonly Standing[] = ["published", "deferred", "waiting"];

export function createDueRuns(state: MemoryState): DueRuns {
  const { runs } = state;
  const countUnclaimed = (shard: Shard, rescuesMin: number): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const { queue, rescues } of openRunsIn(state, shard, "published"))
      if (rescues >= rescuesMin) counts[queue] = (counts[queue] ?? 0) + 1;
    return counts;
  };
  return {
    async publishable({ shard, queue, limit, rescuesBelow = Infinity }) {
      const found = openRunsIn(state, shard, "publishable").filter((run) => run.queue === queue && !(run.rescues >= rescuesBelow));
      return takeReadable(
        found.sort(byId),
        limit,
        readableRuns(state, (run) => readDueRun(state, run)),
      );
    },
    async queues(shard) {
      return [...new Set(openRunsIn(state, shard, "publishable").map(({ queue }) => queue))];
    },
    async published({ runs: publications, now, repeatMs, repeatMsMax }) {
      for (const { runId, attempt, publishedAt } of publications) {
        const run = runs.get(runId);
        if (run?.standing !== "publishable" || run.attempt !== attempt || wasAsideSince(run.asideAt, { publishedAt, now })) continue;
        const waitMs = Math.min(run.repeatMs === null ? repeatMs : 2 * run.repeatMs, repeatMsMax);
        saveRun(state, { ...run, standing: "published", repeatMs: waitMs, wakeAt: now + waitMs });
      }
    },
    unclaimed: async (shard) => countUnclaimed(shard, 0),
    unclaimedRescued: async (shard, rescuesMin) => countUnclaimed(shard, rescuesMin),
    wake: async (request) => wake(state, request),
    async closeWaiting({ shard, dueBefore, now, limit }) {
      const late = openRunsIn(state, shard).filter(({ dueAt }) => dueAt !== null && dueAt < dueBefore);
      const oldest = late.sort(byId).sort(by(({ dueAt }) => dueAt));
      const closed = oldest.slice(0, limit).map((run) => endWaitedTooLong(run, now));
      for (const run of closed) saveRun(state, run);
      for (const run of closed) wakeNext(state, run);
      return toEnded(state, closed);
    },
    resetWaits: async (request) => resetWaits(state, request),
  };
}

/** Wakes what is to be woken: retries, then what has expired, then what is left of publications and deferrals. */
function wake(state: MemoryState, { shard, now, limit }: Parameters<DueRuns["wake"]>[0]): Awaited<ReturnType<DueRuns["wake"]>> {
  const ended: StoredRun[] = [];
  let [ready, more] = [0, false];
  const change = (found: readonly StoredRun[], at: (run: StoredRun) => Instant | null, become: (run: StoredRun) => StoredRun): void => {
    const due = found.filter((run) => (at(run) ?? Infinity) <= now).sort(by(at));
    more ||= due.length >= limit;
    for (const run of due.slice(0, limit)) {
      const next = become(run);
      saveRun(state, next);
      if (next.standing === null) ended.push(next);
      else if (next.standing === "publishable") ready += 1;
    }
  };
  const wakeAt = (run: StoredRun): Instant | null => run.wakeAt;
  const expiresAt = (run: StoredRun): Instant | null => run.expiresAt;
  change(openRunsIn(state, shard, "retrying"), wakeAt, (run) => endRetryWait(run, now));
  change(openRunsIn(state, shard), expiresAt, (run) => expire(run, now));
  for (const run of ended) ready += wakeNext(state, run).length;
  change(openRunsIn(state, shard, ...REPEATED), wakeAt, (run) => repeat(state, run, now));
  const left = [...openRunsIn(state, shard, "retrying", ...REPEATED).map(wakeAt), ...openRunsIn(state, shard).map(expiresAt)];
  const earliest = left.reduce<number>((first, at) => Math.min(first, at ?? Infinity), Infinity);
  return { ready, ended: toEnded(state, ended), nextWakeAt: earliest === Infinity ? null : earliest, more };
}

function resetWaits(state: MemoryState, { shard, now, waitMsMax }: Parameters<DueRuns["resetWaits"]>[0]): number {
  const latest = now + STORE_TIME_DIFFERENCE_MS_MAX;
  const isLate = ({ wakeAt }: StoredRun): boolean => wakeAt !== null && wakeAt > latest + waitMsMax;
  const late = openRunsIn(state, shard, ...REPEATED).filter(isLate);
  const retries = openRunsIn(state, shard, "retrying").flatMap((run) => {
    const failedAt = run.pastAttempts.at(-1)?.finishedAt ?? now;
    const wakeAt = run.wakeAt ?? now;
    return failedAt <= latest || wakeAt < failedAt ? [] : [{ ...run, wakeAt: now + wakeAt - failedAt }];
  });
  const leases = openRunsIn(state, shard, "running").flatMap((run) => {
    const { leaseMs, leaseEndsAt } = run;
    return leaseMs === null || leaseEndsAt === null || leaseEndsAt <= latest + leaseMs ? [] : [{ ...run, leaseEndsAt: now + leaseMs }];
  });
  const changed = [...late.map((run) => repeat(state, run, now)), ...retries, ...leases];
  for (const run of changed) saveRun(state, run);
  return changed.length;
}
