import type { Job } from "@tickline/shared/domain/job";
import type { LocalWorkers } from "@tickline/shared/ports/local-workers";
import type { JobWindow } from "./job-window.ts";
import type { RangeContext } from "./scheduler-deps.ts";

/** A due job waits for a local worker at most this long before it is fired for anybody. Milliseconds. */
export const HELD_MS_MAX = 5_000;

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
  let held: Job[] = [];

  function take(): Job[] {
    if (localWorkers === null) return window.heap.takeDue(now(), config.fireJobsMax);
    const jobs: Job[] = [];
    const released = releasable(localWorkers);
    jobs.push(...held.slice(0, released));
    held = held.slice(released);
    takeDue(localWorkers, jobs);
    if (held.length > 0) localWorkers.onceFree(wake);
    return jobs;
  }
  /** How many of the held ones, oldest first, have a worker now, or have waited long enough. */
  function releasable(workers: LocalWorkers): number {
    const oldest = now() - HELD_MS_MAX;
    let count = Math.min(workers.free(), held.length, config.fireJobsMax);
    while (count < Math.min(held.length, config.fireJobsMax) && mayGo(workers, held[count], oldest)) count += 1;
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
      return held.length > 0;
    },
    clear() {
      held = [];
    },
  };
}
