import { createFifo, type Fifo } from "@tickline/shared/domain/fifo";
import type { Job } from "@tickline/shared/domain/job";
import { createQueueLanes } from "@tickline/shared/domain/queue-lanes";
import type { LocalWorkers, WorkerRoom } from "@tickline/shared/ports/local-workers";
import type { JobWindow } from "./job-window.ts";
import type { RangeContext } from "./scheduler-deps.ts";

/**
 * A due job waits for a local worker at most this long before it is fired for anybody. Milliseconds; well below what
 * makes an instant a misfire. Only workers that keep getting free are waited for, so this is for a pool far too small.
 */
export const HELD_MS_MAX = 30_000;

/** While jobs are held, the part of one fire that others may have which wait for no worker. */
const OTHERS_SHARE = 0.5;

/**
 * Due jobs, as they may be fired. Those for which a local worker will be free in a moment are held: fired then, they are
 * claimed in the same write. They are held by queue and in order, apart from the heap, so that looking again costs nothing.
 */
export interface Fireable {
  /** Takes the jobs of one fire. Empty: none may be fired now. */
  take(): Job[];
  /** True while some wait for a worker. */
  readonly holding: boolean;
  clear(): void;
}

/** `wake` is called when a worker is free again. */
export function createFireable(
  { localWorkers, config, now }: Pick<RangeContext, "localWorkers" | "config" | "now">,
  window: JobWindow,
  wake: () => void,
): Fireable {
  const lanes = createQueueLanes(config.queues, createHeldJobs);
  const holding = (): boolean => lanes.all.some(({ size }) => size > 0);

  function take(): Job[] {
    if (localWorkers === null) return window.heap.takeDue(now(), config.fireJobsMax);
    const others = takeDue(localWorkers);
    const jobs = release(localWorkers, config.fireJobsMax - others.length);
    for (const job of others) jobs.push(job);
    if (holding()) localWorkers.onceFree(queuesHeld(), wake);
    return jobs;
  }
  const queuesHeld = (): string[] => lanes.all.filter(({ size }) => size > 0).map(({ queue }) => queue);

  /** Takes all out of the heap that is due, to be held, but for what waits for no worker: that is returned, as much as one fire takes. */
  function takeDue(workers: LocalWorkers): Job[] {
    const others: Job[] = [];
    const most = holding() ? Math.ceil(config.fireJobsMax * OTHERS_SHARE) : config.fireJobsMax;
    const oldest = now() - HELD_MS_MAX;
    for (;;) {
      const due = window.heap.takeDue(now(), most - others.length);
      if (due.length === 0) return others;
      for (const job of due) {
        if (mayGo(workers, job, oldest)) others.push(job);
        else hold(job);
      }
    }
  }
  /** Those of the held ones that have a worker now, or have waited long enough: by the priority of queues, and of one queue the oldest first. */
  function release(workers: LocalWorkers, most: number): Job[] {
    const released: Job[] = [];
    const held = lanes.inTurn(({ size }) => size > 0);
    if (held.length === 0) return released;
    const oldest = now() - HELD_MS_MAX;
    const room = workers.room();
    for (const lane of held) releaseFrom(lane, { released, most, goes: (job) => goes(room, job) || mayGo(workers, job, oldest) });
    return released;
  }
  const goes = (room: WorkerRoom, { definition }: Job): boolean => room.take(definition.queue);
  const mayGo = (workers: LocalWorkers, job: Job, oldest: number): boolean => (job.nextRunAt ?? 0) <= oldest || !workers.freeSoon(job);

  function hold(job: Job): void {
    lanes.of(job.definition.queue).add(job);
    window.firing.add(job.uid); // In hand: a read must not bring it a second time.
  }
  return {
    take,
    get holding() {
      return holding();
    },
    clear() {
      for (const lane of lanes.all) lane.clear();
    },
  };
}

interface Releasing {
  readonly released: Job[];
  readonly most: number;
  readonly goes: (job: Job) => boolean;
}

function releaseFrom(lane: HeldJobs, { released, most, goes }: Releasing): void {
  for (let job = lane.first(); job !== undefined && released.length < most && goes(job); job = lane.first()) {
    released.push(job);
    lane.shift();
  }
}

/** The jobs of one queue that wait for a worker. */
type HeldJobs = Fifo<Job> & { readonly queue: string };

const createHeldJobs = (queue: string): HeldJobs => Object.assign(createFifo<Job>(), { queue });
