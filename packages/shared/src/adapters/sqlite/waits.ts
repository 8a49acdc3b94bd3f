import type { Shard } from "../../domain/slot.ts";
import { wasAsideSince } from "../../domain/overlap.ts";
import { isInShard } from "../../domain/slot.ts";
import type { EndedRun } from "../../domain/settlement.ts";
import { WAITED_TOO_LONG } from "../../domain/run-error.ts";
import type { DueRuns, Publication, WakeResult } from "../../ports/due-runs.ts";
import { RUN_STATE } from "./codes.ts";
import type { Core } from "./core.ts";
import { dueAtOf, firstStartOf, type OpenRun, waitsForAnother } from "./open-run.ts";
import { mineIn } from "./open-runs.ts";
import { isNextOfJob, waitForAnother, wakeNextOfEach } from "./overlap-waits.ts";
import { endRun, endWaiting, lastErrorOf, readAllEnded } from "./run-ends.ts";
import { makeDueAgain, makePublishable } from "./run-waits.ts";
import { compareTexts } from "./uid-index.ts";

/** Runs that wait for a worker: their lists are in memory, and a publication is known to this process alone. */
export const queuesWithReady =
  ({ open }: Core) =>
  ({ shard }: { readonly shard: Shard }): string[] =>
    [...open.queues].filter(([, queue]) => readyRuns(queue, { shard, limit: 1 }).length > 0).map(([name]) => name);

export function readyRuns(
  queue: { visit(visit: (run: OpenRun) => boolean): void } | undefined,
  { shard, limit, rescuesBelow = Infinity }: { readonly shard: Shard; readonly limit: number; readonly rescuesBelow?: number },
): OpenRun[] {
  const runs: OpenRun[] = [];
  queue?.visit((run) => {
    if (runs.length < limit && isInShard(run.slot, shard) && rescuesOf(run) < rescuesBelow) runs.push(run);
    return runs.length < limit;
  });
  return runs;
}

type PublishedRequest = Parameters<DueRuns["published"]>[0];

export const published =
  ({ open }: Core) =>
  ({ runs, now, repeatMs, repeatMsMax }: PublishedRequest): void => {
    for (const { runId, attempt, publishedAt } of runs as readonly Publication[]) {
      const run = open.byId.get(runId);
      if (run === undefined || run.mode !== "ready" || run.attempt !== attempt) continue;
      if (wasAsideSince(run.asideAt, { publishedAt, now })) continue;
      run.repeatMs = Math.min(run.repeatMs === 0 ? repeatMs : run.repeatMs * 2, repeatMsMax);
      open.wait(run, "published", now + run.repeatMs);
    }
  };

const rescuesOf = ({ extra }: OpenRun): number => extra?.rescues ?? 0;

export const unclaimed =
  ({ open }: Core) =>
  ({ shard, rescuesMin = 0 }: { readonly shard: Shard; readonly rescuesMin?: number }): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const run of open.published) {
      const { queue } = run.traits;
      if (isInShard(run.slot, shard) && rescuesOf(run) >= rescuesMin) counts[queue] = (counts[queue] ?? 0) + 1;
    }
    return counts;
  };

type WakeRequest = Parameters<DueRuns["wake"]>[0];

export const wake =
  (core: Core) =>
  ({ shard, now, limit }: WakeRequest): WakeResult => {
    const { open, endings } = core;
    const query = { now, limit, mine: mineIn(shard) };
    const retries = open.retries.take(query);
    const expiries = open.expiries.take(query);
    const over: OpenRun[] = [];
    for (const run of retries.runs) if (!comeDue(core, run, now)) over.push(run);
    for (const run of expiries.runs) {
      endRun(core, run, { state: RUN_STATE.skipped, finishedAt: now, output: null, error: null, reason: "expired" });
      over.push(run);
    }
    endings.add(over, now);
    const next = wakeNextOfEach(core, over);
    const repeats = open.repeats.take(query);
    const repeated = repeats.runs.filter((run) => repeat(core, run, now));
    const earliest = [open.retries, open.expiries, open.repeats].flatMap((heap) => heap.earliest(query.mine) ?? []);
    return {
      ready: retries.runs.length + expiries.runs.length - over.length + next + repeated.length,
      ended: readAllEnded(core, over),
      nextWakeAt: earliest.length === 0 ? null : Math.min(...earliest),
      more: retries.more || expiries.more || repeats.more,
    };
  };

/** False: somebody wants it cancelled, and so it is. */
function comeDue(core: Core, run: OpenRun, now: number): boolean {
  const cancelled = run.extra?.cancelRequested === true;
  if (cancelled) endWaiting(core, run, { state: RUN_STATE.cancelled, finishedAt: now, error: null, reason: "cancelled" });
  else makeDueAgain(core, run, now);
  return !cancelled;
}

/** Of the runs that wait for another of their job only the first is looked at again: the others wait for it. True: it is ready. */
export function repeat(core: Core, run: OpenRun, now: number): boolean {
  const ready = !waitsForAnother(run) || isNextOfJob(core, run);
  if (!ready) waitForAnother(core, run, now);
  else if (run.mode === "deferred") makePublishable(core, run);
  else core.open.wait(run, "ready");
  return ready;
}

type CloseRequest = Parameters<DueRuns["closeWaiting"]>[0];

/** All open runs are gone through: it is asked seldom, and a hundred thousand take some milliseconds. */
export const closeWaiting =
  (core: Core) =>
  ({ shard, dueBefore, now, limit }: CloseRequest): EndedRun[] => {
    const late = [...core.open.byId.values()].filter(
      (run) => run.mode !== "none" && run.mode !== "retrying" && dueAtOf(run) < dueBefore && isInShard(run.slot, shard),
    );
    const closed = late.sort((left, right) => compareTexts(left.runId, right.runId)).slice(0, limit);
    for (const run of closed) {
      const started = firstStartOf(run) !== null;
      const error = started ? (lastErrorOf(run) ?? JSON.stringify(WAITED_TOO_LONG)) : null;
      endWaiting(core, run, { state: started ? RUN_STATE.failed : RUN_STATE.skipped, finishedAt: now, error, reason: "retention" });
    }
    core.endings.add(closed, now);
    wakeNextOfEach(core, closed);
    return readAllEnded(core, closed);
  };
