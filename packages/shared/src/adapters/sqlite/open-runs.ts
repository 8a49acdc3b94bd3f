import { isInShard, type Shard } from "../../domain/slot.ts";
import { type ContendingRuns, createContendingRuns } from "./contending-runs.ts";
import { isForUnknownHandler, type OpenRun } from "./open-run.ts";
import { createReadyQueue, type ReadyQueue } from "./ready-queue.ts";
import { createWakeHeap, type WakeHeap } from "./wake-heap.ts";

/**
 * Every run that has not ended, in memory: its row would be found by its id only with an index that costs more than all
 * else. Rebuilt from the rows at each start. A backlog costs about 400 bytes a run.
 */
export interface OpenRuns {
  readonly byId: ReadonlyMap<string, OpenRun>;
  /** Running attempts whose process is gone. */
  readonly orphans: ReadonlySet<OpenRun>;
  /** Published and not yet claimed. */
  readonly published: ReadonlySet<OpenRun>;
  /** Put aside until a time, or until an executor has its handler. */
  readonly deferred: ReadonlySet<OpenRun>;
  readonly queues: ReadonlyMap<string, ReadyQueue>;
  readonly retries: WakeHeap;
  readonly expiries: WakeHeap;
  /** Repeats of publications, and ends of deferrals. */
  readonly repeats: WakeHeap;
  readonly contending: Pick<ContendingRuns, "beside" | "toWake" | "before">;
  /** Enters a run, for which `wait` or `run` is called next. */
  add(run: OpenRun): void;
  /** The run has ended: it leaves every list. */
  end(run: OpenRun): void;
  /** The run waits in this way from now on; `wakeAt` where the way has one. */
  wait(run: OpenRun, mode: "ready" | "published" | "deferred" | "retrying", wakeAt?: number): void;
  /** The run waits no more: it runs. */
  run(run: OpenRun): void;
  orphan(run: OpenRun): void;
  /** The rows of these runs must be found after a crash although they are far from the right edge. */
  unparkedUpTo(runKey: number): OpenRun[];
}

interface OpenState {
  readonly byId: Map<string, OpenRun>;
  readonly orphans: Set<OpenRun>;
  readonly published: Set<OpenRun>;
  readonly deferred: Set<OpenRun>;
  readonly queues: Map<string, ReadyQueue>;
  readonly retries: WakeHeap;
  readonly expiries: WakeHeap;
  readonly repeats: WakeHeap;
  readonly contenders: ContendingRuns;
  readonly unparked: Set<OpenRun>;
}

export function createOpenRuns(): OpenRuns {
  const state: OpenState = {
    byId: new Map(),
    orphans: new Set(),
    published: new Set(),
    deferred: new Set(),
    queues: new Map(),
    retries: createWakeHeap((run, at) => run.mode === "retrying" && run.extra?.wakeAt === at),
    expiries: createWakeHeap((run) => run.mode !== "none" && run.startedAt === null),
    repeats: createWakeHeap(
      (run, at) => (run.mode === "published" ? run.repeatAt : run.mode === "deferred" ? run.extra?.wakeAt : null) === at,
    ),
    contenders: createContendingRuns(),
    unparked: new Set(),
  };
  return {
    ...state,
    add: (run) => addRun(state, run),
    end: (run) => endRun(state, run),
    contending: state.contenders,
    wait: (run, mode, wakeAt) => wait(state, run, { mode, wakeAt }),
    run(run) {
      leaveWait(state, run);
      state.contenders.changed(run);
    },
    orphan: (run) => void state.orphans.add(run),
    unparkedUpTo: (runKey) => takeUnparked(state, runKey),
  };
}

function addRun({ byId, unparked, expiries }: OpenState, run: OpenRun): void {
  byId.set(run.runId, run);
  if (!run.parked) unparked.add(run);
  const { expireAfterMs } = run.traits;
  if (expireAfterMs !== null && run.startedAt === null) expiries.add(run.scheduledFor + expireAfterMs + 1, run);
}

function endRun(state: OpenState, run: OpenRun): void {
  const { byId, orphans, unparked, contenders } = state;
  leaveWait(state, run);
  byId.delete(run.runId);
  orphans.delete(run);
  unparked.delete(run);
  contenders.drop(run);
}

function leaveWait({ published, deferred }: OpenState, run: OpenRun): void {
  if (run.mode === "published") published.delete(run);
  else if (run.mode === "deferred") deferred.delete(run);
  run.mode = "none";
}

function wait(
  state: OpenState,
  run: OpenRun,
  { mode, wakeAt = 0 }: { readonly mode: Exclude<OpenRun["mode"], "none">; readonly wakeAt: number | undefined },
): void {
  leaveWait(state, run);
  state.orphans.delete(run);
  state.unparked.delete(run);
  run.mode = mode;
  state.contenders.changed(run);
  switch (mode) {
    case "ready":
      queueOf(state, run.traits.queue).add(run);
      return;
    case "retrying":
      state.retries.add(wakeAt, run);
      return;
    case "deferred":
      state.deferred.add(run);
      if (!isForUnknownHandler(run)) state.repeats.add(wakeAt, run);
      return;
    case "published":
      run.repeatAt = wakeAt;
      state.published.add(run);
      state.repeats.add(wakeAt, run);
      return;
  }
}

function queueOf({ queues }: OpenState, name: string): ReadyQueue {
  let queue = queues.get(name);
  if (queue === undefined) queues.set(name, (queue = createReadyQueue()));
  return queue;
}

function takeUnparked({ unparked }: OpenState, runKey: number): OpenRun[] {
  const found = [...unparked].filter((run) => run.runKey <= runKey);
  for (const run of found) unparked.delete(run);
  return found;
}

export const mineIn =
  (shard: Shard) =>
  (run: OpenRun): boolean =>
    isInShard(run.slot, shard);
