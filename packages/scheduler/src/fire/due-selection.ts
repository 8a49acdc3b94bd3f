import type { Fifo } from "@tickline/shared/domain/fifo";
import type { Job } from "@tickline/shared/domain/job/job";
import { readPriority } from "@tickline/shared/domain/job/job-definition";
import { createPriorityFifos, type PriorityFifos } from "@tickline/shared/domain/queue/priority";
import { createQueueLanes } from "@tickline/shared/domain/queue/queue-lanes";
import type { LocalWorkers } from "@tickline/shared/ports/runs/local-workers";
import type { ShardContext } from "../shard-context.ts";
import type { JobWindow } from "./job-window.ts";

/** While jobs are held, the part of one fire that jobs which wait for no worker may use. */
const OTHERS_SHARE = 0.5;

/**
 * Selects the due jobs of each fire. Jobs for which a local worker will soon be free are held until then: they are claimed in the same
 * write as they are fired. They are held by queue, priority and time, outside the heap, so that checking them again costs nothing.
 */
export interface DueSelection {
  /** Takes the jobs of one fire. Empty: none may be fired now. */
  take(): Job[];
  /** True while some jobs wait for a worker. */
  readonly holding: boolean;
  clear(): void;
}

/** `wake` is called when a worker is free again. */
export function createDueSelection(
  { localWorkers, config, now }: Pick<ShardContext, "localWorkers" | "config" | "now">,
  window: Pick<JobWindow, "takeDue">,
  wake: () => void,
): DueSelection {
  const lanes = createQueueLanes(config.queues, createHeldJobs);
  const isHolding = ({ count }: HeldJobs): boolean => count() > 0;
  const holding = (): boolean => lanes.all.some(isHolding);

  function take(): Job[] {
    if (localWorkers === null) return window.takeDue(config.fireJobsMax);
    const jobs = takeDue(localWorkers);
    release(localWorkers, jobs);
    if (holding()) localWorkers.onceFree(queuesHeld(), wake);
    return jobs;
  }
  const queuesHeld = (): string[] => lanes.all.filter(isHolding).map(({ queue }) => queue);

  /** Takes all due jobs out of the heap. Those that wait for a worker are held; the others, as many as one fire takes, are returned. */
  function takeDue(workers: LocalWorkers): Job[] {
    const others: Job[] = [];
    const most = holding() ? Math.ceil(config.fireJobsMax * OTHERS_SHARE) : config.fireJobsMax;
    const oldest = now() - config.heldMsMax;
    for (;;) {
      const due = window.takeDue(most - others.length);
      if (due.length === 0) return others;
      for (const job of due) {
        if (waits(workers, job, oldest)) lanes.of(job.definition.queue).add(job, readPriority(job.definition));
        else others.push(job);
      }
    }
  }
  /** Adds held jobs: first those that have waited long enough, then those that have a worker now. By the priority of queues, then by their own, the oldest first. */
  function release(workers: LocalWorkers, jobs: Job[]): void {
    const held = lanes.inTurn(isHolding);
    if (held.length === 0) return;
    const oldest = now() - config.heldMsMax;
    const room = workers.room();
    const hasWorker = (job: Job): boolean => room.take(job.definition.queue, readPriority(job.definition));
    // One that goes in any case uses up a worker all the same, if one is free.
    const goesFirst = (job: Job): boolean => isOlder(job, oldest) && (hasWorker(job), true);
    const goesNow = (job: Job): boolean => hasWorker(job) || !workers.freeSoon(job);
    for (const goes of [goesFirst, goesNow]) {
      for (const level of held.flatMap(({ levels }) => levels))
        moveWhile(level, jobs, (job) => jobs.length < config.fireJobsMax && goes(job));
    }
  }
  const waits = (workers: LocalWorkers, job: Job, oldest: number): boolean => !isOlder(job, oldest) && workers.freeSoon(job);

  return {
    take,
    get holding() {
      return holding();
    },
    clear() {
      for (const level of lanes.all.flatMap(({ levels }) => levels)) level.clear();
    },
  };
}

function moveWhile(from: Fifo<Job>, to: Job[], goes: (job: Job) => boolean): void {
  for (let job = from.first(); job !== undefined && goes(job); job = from.first()) {
    to.push(job);
    from.shift();
  }
}

const isOlder = ({ nextRunAt }: Job, oldest: number): boolean => (nextRunAt ?? 0) <= oldest;

/** The jobs of one queue that wait for a worker. */
type HeldJobs = PriorityFifos<Job> & { readonly queue: string };

const createHeldJobs = (queue: string): HeldJobs => Object.assign(createPriorityFifos<Job>(), { queue });
