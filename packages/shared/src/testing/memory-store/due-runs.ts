import { nextBackoffMs } from "../../domain/time/backoff.ts";
import { wasAsideSince } from "../../domain/policy/overlap.ts";
import { publicationPlace } from "../../domain/queue/priority.ts";
import { endRetryWait, endWaitedTooLong, expire, makePublishable } from "../../domain/run/run-changes.ts";
import type { Standing } from "../../domain/run/run-record.ts";
import { ALL_SLOTS, type Shard } from "../../domain/slot.ts";
import { STORE_TIME_DIFFERENCE_MS_MAX } from "../../domain/time/time-limits.ts";
import { resumeResult, type DeferredRuns } from "../../ports/runs/deferred-runs.ts";
import type { DueRuns } from "../../ports/runs/due-runs.ts";
import { takeReadable } from "../../runtime/batch/map-readable.ts";
import { repeat, wakeNext } from "./overlap.ts";
import { ascending, canBeRun, type MemoryState, openRunsIn, readable, readDueRun, save, type StoredRun, toEnded } from "./state.ts";

/** Due runs that a time makes publishable again. */
const REPEATED: readonly Standing[] = ["published", "deferred", "waiting"];

const inOrderOfPublication = (left: StoredRun, right: StoredRun): number => (publicationPlace(left) < publicationPlace(right) ? -1 : 1);

export function createDueRuns(state: MemoryState): DueRuns {
  const { runs } = state;
  const countUnclaimed = (shard: Shard, rescuesMin: number): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const { queue, rescues } of openRunsIn(state, shard, "published"))
      if (rescues >= rescuesMin) counts[queue] = (counts[queue] ?? 0) + 1;
    return counts;
  };
  return {
    async publishable({ shard, queue, limit, rescuesBelow = Infinity, unclaimed = false, handlers }) {
      const waiting = openRunsIn(state, shard, "publishable", ...(unclaimed ? (["published"] as const) : []));
      const isMeant = (run: StoredRun): boolean => run.queue === queue && handlers?.includes(run.handler) !== false;
      const found = waiting.filter((run) => isMeant(run) && !(run.rescues >= rescuesBelow));
      const map = (run: StoredRun) => readDueRun(state, run);
      return takeReadable(found.sort(inOrderOfPublication), limit, readable(state, map));
    },
    async queues(shard) {
      return [...new Set(openRunsIn(state, shard, "publishable").map(({ queue }) => queue))];
    },
    async published({ runs: publications, now, repeatMs, repeatMsMax }) {
      for (const { runId, attempt, publishedAt } of publications) {
        const run = runs.get(runId);
        if (run?.standing !== "publishable" || run.attempt !== attempt || wasAsideSince(run.asideAt, { publishedAt, now })) continue;
        const waitMs = nextBackoffMs(run.repeatMs, repeatMs, repeatMsMax);
        save(state, { ...run, standing: "published", repeatMs: waitMs, wakeAt: now + waitMs });
      }
    },
    unclaimed: async (shard) => countUnclaimed(shard, 0),
    unclaimedRescued: async (shard, rescuesMin) => countUnclaimed(shard, rescuesMin),
    wake: async (request) => wake(state, request),
    async closeWaiting({ shard, dueBefore, now, limit }) {
      const late = openRunsIn(state, shard).filter(({ dueAt }) => dueAt !== null && dueAt < dueBefore);
      const oldest = late.sort(ascending("dueAt", "runId")).slice(0, limit);
      const closed = oldest.map((run) => endWaitedTooLong(run, now));
      save(state, ...closed);
      for (const run of closed) wakeNext(state, run);
      return toEnded(state, closed);
    },
    resetWaits: async (request) => resetWaits(state, request),
  };
}

/** Wakes the runs that have to be woken: retries, then expired ones, then the other publications and deferrals. */
function wake(state: MemoryState, { shard, now, limit }: Parameters<DueRuns["wake"]>[0]): Awaited<ReturnType<DueRuns["wake"]>> {
  const ended: StoredRun[] = [];
  let [ready, more] = [0, false];
  const change = (found: readonly StoredRun[], at: "wakeAt" | "expiresAt", become: (run: StoredRun) => StoredRun): void => {
    const due = found.filter((run) => (run[at] ?? Infinity) <= now).sort(ascending(at));
    more ||= due.length >= limit;
    for (const run of due.slice(0, limit)) {
      const next = become(run);
      save(state, next);
      if (next.standing === null) ended.push(next);
      else if (next.standing === "publishable") ready += 1;
    }
  };
  change(openRunsIn(state, shard, "retrying"), "wakeAt", (run) => endRetryWait(run, now));
  change(openRunsIn(state, shard), "expiresAt", (run) => expire(run, now));
  for (const run of ended) ready += wakeNext(state, run).length;
  change(openRunsIn(state, shard, ...REPEATED), "wakeAt", (run) => repeat(state, run, now));
  const next = openRunsIn(state, shard).flatMap(({ standing, wakeAt, expiresAt }) => [
    expiresAt ?? Infinity,
    standing === "unhandled" ? Infinity : (wakeAt ?? Infinity), // No time wakes a run that waits for a handler.
  ]);
  const earliest = next.reduce((left, right) => Math.min(left, right), Infinity);
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
  save(state, ...changed);
  return changed.length;
}

export const createDeferredRuns = (state: MemoryState): DeferredRuns => ({
  async queues(shard) {
    return [...new Set(openRunsIn(state, shard, "unhandled").map(({ queue }) => queue))];
  },
  async resume({ shard, queue, handlers, after, limit }) {
    const meant = openRunsIn(state, shard, "unhandled").filter(
      (run) => run.queue === queue && handlers.includes(run.handler) && publicationPlace(run) > (after ?? ""),
    );
    const resumed = meant.sort(inOrderOfPublication).slice(0, limit);
    save(state, ...resumed.map(makePublishable));
    return resumeResult(resumed, limit);
  },
  async waiting(runIds) {
    const wanted = new Set(runIds);
    const found = openRunsIn(state, ALL_SLOTS, "publishable", "published").filter(({ runId }) => wanted.has(runId));
    return found.filter((run) => canBeRun(state, run)).map(({ runId }) => runId);
  },
});
