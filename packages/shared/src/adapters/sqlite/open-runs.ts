import { inRange, type SlotRange } from "../../domain/slot.ts";
import type { OpenRun } from "./open-run.ts";
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
  /** Put aside until a time. */
  readonly deferred: ReadonlySet<OpenRun>;
  readonly queues: ReadonlyMap<string, ReadyQueue>;
  readonly retries: WakeHeap;
  readonly expiries: WakeHeap;
  /** Repeats of publications, and ends of deferrals. */
  readonly repeats: WakeHeap;
  add(run: OpenRun): void;
  /** The run has ended: it leaves every list and gives its job's lock back. */
  end(run: OpenRun): void;
  /** Which run of the job holds its exclusive lock, if one does. */
  holderOf(jobKey: number): OpenRun | undefined;
  /** Takes the job's lock, which lives as long as the run. */
  lock(run: OpenRun): void;
  /** The run waits in this way from now on; `wakeAt` where the way has one. */
  wait(run: OpenRun, mode: "ready" | "published" | "deferred" | "retrying", wakeAt?: number): void;
  /** The run waits no more: it was claimed. */
  run(run: OpenRun): void;
  orphan(run: OpenRun): void;
  /** The rows of these runs must be found after a crash although they are far from the right edge. */
  unparkedUpTo(runKey: number): OpenRun[];
}

export function createOpenRuns(): OpenRuns {
  const byId = new Map<string, OpenRun>();
  const locks = new Map<number, OpenRun>();
  const orphans = new Set<OpenRun>();
  const published = new Set<OpenRun>();
  const deferred = new Set<OpenRun>();
  const unparked = new Set<OpenRun>();
  const queues = new Map<string, ReadyQueue>();
  const retries = createWakeHeap((run, at) => run.mode === "retrying" && run.extra?.wakeAt === at);
  const expiries = createWakeHeap((run) => run.mode !== "none" && run.startedAt === null);
  const repeats = createWakeHeap((run, at) =>
    run.mode === "published" ? run.repeatAt === at : run.mode === "deferred" && run.extra?.wakeAt === at,
  );
  function leaveWait(run: OpenRun): void {
    if (run.mode === "published") published.delete(run);
    else if (run.mode === "deferred") deferred.delete(run);
    run.mode = "none";
  }
  function queueOf(name: string): ReadyQueue {
    let queue = queues.get(name);
    if (queue === undefined) queues.set(name, (queue = createReadyQueue()));
    return queue;
  }
  return {
    byId,
    orphans,
    published,
    deferred,
    queues,
    retries,
    expiries,
    repeats,
    add(run) {
      byId.set(run.runId, run);
      if (!run.parked) unparked.add(run);
      const { expireAfterMs } = run.traits;
      if (expireAfterMs !== null && run.startedAt === null) expiries.add(run.scheduledFor + expireAfterMs + 1, run);
    },
    end(run) {
      leaveWait(run);
      byId.delete(run.runId);
      orphans.delete(run);
      if (!run.parked) unparked.delete(run);
      if (locks.get(run.jobKey) === run) locks.delete(run.jobKey);
    },
    holderOf: (jobKey) => locks.get(jobKey),
    lock(run) {
      if (run.traits.exclusive) locks.set(run.jobKey, run);
    },
    wait(run, mode, wakeAt = 0) {
      leaveWait(run);
      orphans.delete(run);
      unparked.delete(run);
      run.mode = mode;
      if (mode === "ready") queueOf(run.traits.queue).add(run);
      else if (mode === "retrying") retries.add(wakeAt, run);
      else repeats.add(wakeAt, run);
      if (mode === "deferred") deferred.add(run);
      if (mode === "published") {
        run.repeatAt = wakeAt;
        published.add(run);
      }
    },
    run: leaveWait,
    orphan: (run) => void orphans.add(run),
    unparkedUpTo(runKey) {
      const found: OpenRun[] = [];
      for (const run of unparked) if (run.runKey <= runKey) found.push(run);
      for (const run of found) unparked.delete(run);
      return found;
    },
  };
}

export const mineIn =
  (slots: SlotRange) =>
  (run: OpenRun): boolean =>
    inRange(run.slot, slots);
