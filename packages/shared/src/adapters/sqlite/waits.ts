import type { SlotRange } from "../../domain/slot.ts";
import { inRange } from "../../domain/slot.ts";
import type { EndedRun } from "../../domain/settlement.ts";
import type { DueRuns, Publication, WakeResult } from "../../ports/due-runs.ts";
import { RUN_STATE } from "./codes.ts";
import type { Core } from "./core.ts";
import type { OpenRun } from "./open-run.ts";
import { mineIn } from "./open-runs.ts";
import { endRun, readEnded, withoutWait } from "./run-ends.ts";

/** Runs that wait for a worker: their lists are in memory, and a publication is known to this process alone. */
export const queuesWithReady =
  ({ open }: Core) =>
  ({ slots }: { readonly slots: SlotRange }): string[] =>
    [...open.queues].filter(([, queue]) => readyRuns(queue, { slots, limit: 1 }).length > 0).map(([name]) => name);

export function readyRuns(
  queue: { visit(visit: (run: OpenRun) => boolean): void } | undefined,
  { slots, limit }: { readonly slots: SlotRange; readonly limit: number },
): OpenRun[] {
  const runs: OpenRun[] = [];
  queue?.visit((run) => {
    if (runs.length < limit && inRange(run.slot, slots)) runs.push(run);
    return runs.length < limit;
  });
  return runs;
}

type PublishedRequest = Parameters<DueRuns["published"]>[0];

export const published =
  ({ open }: Core) =>
  ({ runs, now, repeatMs, repeatMsMax }: PublishedRequest): void => {
    for (const { runId, attempt } of runs as readonly Publication[]) {
      const run = open.byId.get(runId);
      if (run === undefined || run.mode !== "ready" || run.attempt !== attempt) continue;
      run.repeatMs = Math.min(run.repeatMs === 0 ? repeatMs : run.repeatMs * 2, repeatMsMax);
      open.wait(run, "published", now + run.repeatMs);
    }
  };

export const unclaimed =
  ({ open }: Core) =>
  ({ slots }: { readonly slots: SlotRange }): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const { slot, traits } of open.published) if (inRange(slot, slots)) counts[traits.queue] = (counts[traits.queue] ?? 0) + 1;
    return counts;
  };

type WakeRequest = Parameters<DueRuns["wake"]>[0];

export const wake =
  (core: Core) =>
  ({ slots, now, limit }: WakeRequest): WakeResult => {
    const { open, endings } = core;
    const query = { now, limit, mine: mineIn(slots) };
    const retries = open.retries.take(query);
    const expiries = open.expiries.take(query);
    const ended: EndedRun[] = [];
    for (const run of expiries.runs) {
      endRun(core, run, { state: RUN_STATE.skipped, finishedAt: now, output: null, error: null, reason: "expired" });
      ended.push(readEnded(core, run));
    }
    const repeats = open.repeats.take(query);
    for (const run of retries.runs) comeDue(core, run);
    for (const run of repeats.runs) repeat(core, run);
    endings.add(expiries.runs, now);
    const earliest = [open.retries, open.expiries, open.repeats].flatMap((heap) => heap.earliest(query.mine) ?? []);
    return {
      ready: retries.runs.length + repeats.runs.length,
      ended,
      nextWakeAt: earliest.length === 0 ? null : Math.min(...earliest),
      more: retries.more || expiries.more || repeats.more,
    };
  };

function comeDue({ open, rows }: Core, run: OpenRun): void {
  run.extra = withoutWait(run.extra);
  run.attempt += 1;
  run.repeatMs = 0;
  rows.save(run, RUN_STATE.due);
  open.wait(run, "ready");
}

/** Publishable again, without what it waited for. */
export function repeat({ open, rows }: Core, run: OpenRun): void {
  if (run.mode === "deferred") {
    run.extra = withoutWait(run.extra);
    rows.save(run, RUN_STATE.due);
  }
  open.wait(run, "ready");
}
