import type { Job } from "@tickline/shared/domain/job";
import type { LocalWorkers } from "@tickline/shared/ports/local-workers";
import type { JobWindow } from "./job-window.ts";
import type { RangeContext } from "./scheduler-deps.ts";

/**
 * A due job waits for a local worker at most this long before it is fired for anybody. Milliseconds; well below what
 * makes an instant a misfire. Only workers that keep getting free are waited for, so this is for a pool far too small.
 */
export const HELD_MS_MAX = 30_000;

/**
 * Due jobs, as they may be fired. Those for which a local worker will be free in a moment are held: fired then, they are
 * claimed in the same write. They are held in order, apart from the heap, so that looking again costs nothing.
 */
export interface Fireable {
  /** Takes the jobs of one fire. Empty: none may be fired now. */
  take(): Job[];
  /** True while some wait for a worker. */
  readonly holding: boolean;
  clear(): void;
}

/** `wake` is called when a worker is free again. */
export function createFireable({ localWorkers, config, now }: RangeContext, window: JobWindow, wake: () => void): Fireable {
  /** In order; those before `heldFrom` have gone, and are cut off now and then. */
  let held: Job[] = [];
  let heldFrom = 0;

  function take(): Job[] {
    if (localWorkers === null) return window.heap.takeDue(now(), config.fireJobsMax);
    const jobs: Job[] = [];
    const released = releasable(localWorkers);
    for (const job of held.slice(heldFrom, heldFrom + released)) jobs.push(job);
    heldFrom += released;
    if (heldFrom * 2 > held.length) {
      held = held.slice(heldFrom);
      heldFrom = 0;
    }
    takeDue(localWorkers, jobs);
    if (holding()) localWorkers.onceFree(wake);
    return jobs;
  }
  const holding = (): boolean => held.length > heldFrom;

  /** How many of the held ones, oldest first, have a worker now, or have waited long enough. */
  function releasable(workers: LocalWorkers): number {
    const oldest = now() - HELD_MS_MAX;
    const most = Math.min(held.length - heldFrom, config.fireJobsMax);
    let count = Math.min(workers.free(), most);
    while (count < most && mayGo(workers, held[heldFrom + count], oldest)) count += 1;
    return count;
  }
  const mayGo = (workers: LocalWorkers, job: Job | undefined, oldest: number): boolean =>
    job === undefined || (job.nextRunAt ?? 0) <= oldest || !workers.freeSoon(job.definition.queue, job.definition.handler);

  function takeDue(workers: LocalWorkers, jobs: Job[]): void {
    const oldest = now() - HELD_MS_MAX;
    let free = workers.free() - jobs.length;
    for (;;) {
      const due = window.heap.takeDue(now(), config.fireJobsMax - jobs.length);
      if (due.length === 0) return;
      for (const job of due) {
        if (free > 0 || mayGo(workers, job, oldest)) jobs.push(job);
        else hold(job);
        free -= 1;
      }
    }
  }
  function hold(job: Job): void {
    held.push(job);
    window.firing.add(job.uid); // In hand: a read must not bring it a second time.
  }
  return {
    take,
    get holding() {
      return holding();
    },
    clear() {
      held = [];
      heldFrom = 0;
    },
  };
}
