import type { Job } from "@tickline/shared/domain/job/job";
import { boundedCache } from "@tickline/shared/domain/schedule/bounded-cache";
import { inHalves } from "@tickline/shared/runtime/batch/in-halves";
import type { ShardContext, ShardListeners } from "../shard-context.ts";
import { fireBatch, type FireReport } from "./fire-batch.ts";
import type { JobWindow } from "./job-window.ts";

/** Fires whose writes the store has not answered yet, a bounded number at once: the next is planned while the last is made durable. */
export interface InFlightFires {
  /** Resolves when there is room for one more. */
  waitForRoom(): Promise<void>;
  /** Fires these jobs; `onComplete` is called when the store has answered, or failed to. */
  start(jobs: readonly Job[], onComplete: () => void): void;
  /** Resolves when all in-flight fires are complete. */
  completed(): Promise<void>;
}

export interface InFlightFiresDeps extends ShardListeners {
  readonly window: JobWindow;
  /** Some jobs have to be read again. */
  readonly onReread: () => void;
}

export function createInFlightFires(
  context: ShardContext,
  { window, onReread, onEnded, onFired, onPublishable }: InFlightFiresDeps,
): InFlightFires {
  const inFlight = new Set<Promise<void>>();
  const isLostTooOften = createLossCount();

  /** Fires the jobs and applies the answer. A job whose fire the store refuses does not prevent the other fires. */
  async function fireJobs(jobs: readonly Job[]): Promise<void> {
    try {
      const refused = await inHalves(jobs, async (part) => apply(await fireBatch(context, part)));
      for (const { item, fault } of refused) window.setAside(item, `its fire is refused: ${fault.message}`);
    } catch (fault) {
      // It is unknown whether it was written. The jobs are read again, and the runs are found by their ids.
      context.log.warn({ err: fault, jobs: jobs.length }, "a fire was not acknowledged; its jobs are read again");
      readAgain(jobs);
    }
  }
  function apply({ advanced, postponed, notEvaluated, lost, ended, due, publishable }: FireReport): void {
    for (const job of [...advanced, ...postponed]) window.advance(job);
    for (const { job, reason } of notEvaluated) window.setAside(job, reason);
    const { again = [], tooOften = [] } = Object.groupBy(lost, (job) => (isLostTooOften(job) ? "tooOften" : "again"));
    for (const job of tooOften) window.setAside(job, "its fire is lost again and again, though no other process changes it");
    if (again.length > 0) readAgain(again);
    if (ended.length > 0) onEnded(ended);
    if (due.length > 0) onFired(due);
    if (publishable) onPublishable();
  }
  function readAgain(jobs: readonly Job[]): void {
    for (const { uid } of jobs) window.reread(uid);
    onReread();
  }
  return {
    async waitForRoom() {
      while (inFlight.size >= context.config.firesInFlightMax) await Promise.race(inFlight);
    },
    start(jobs, onComplete) {
      const fire = fireJobs(jobs).then(() => {
        inFlight.delete(fire);
        onComplete();
      });
      inFlight.add(fire);
    },
    async completed() {
      await Promise.all(inFlight);
    },
  };
}

/** Fires of one job lost in a row though no other process changed it: one or two may have their cause in reads that are a little old. */
const LOSSES_MAX = 5;
/** Jobs whose lost fires are counted. */
const LOSSES_KEPT_MAX = 1_000;

/** Counts the lost fires of jobs. True: this job has not changed, and its fires would be lost without end. */
function createLossCount(): (lost: Job) => boolean {
  const losses = boundedCache<string, { readonly at: string; readonly times: number }>(LOSSES_KEPT_MAX);
  return ({ uid, version, nextRunAt }) => {
    const at = `${version} ${nextRunAt}`;
    const known = losses.get(uid);
    const times = known?.at === at ? known.times + 1 : 1;
    losses.set(uid, { at, times: times % LOSSES_MAX });
    return times >= LOSSES_MAX;
  };
}
