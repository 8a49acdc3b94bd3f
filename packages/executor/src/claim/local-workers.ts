import type { ClaimedRun } from "@tickline/shared/domain/run/due-run";
import type { Job } from "@tickline/shared/domain/job/job";
import { readPriority } from "@tickline/shared/domain/job/job-definition";
import { isExclusive } from "@tickline/shared/domain/policy/overlap";
import type { Claimant } from "@tickline/shared/ports/jobs/due-jobs";
import type { LocalWorkers } from "@tickline/shared/ports/runs/local-workers";
import type { ExecutorContext } from "../executor-context.ts";
import { createReleaseRate } from "./release-rate.ts";
import type { WorkerPool, WorkerUser } from "./worker-pool.ts";

export interface LocalWorkersOptions {
  readonly context: Pick<ExecutorContext, "clock" | "entropy" | "config" | "handlers">;
  readonly pool: WorkerPool;
  /** True while nothing may be claimed. */
  readonly blocked: () => boolean;
  /** Published runs of a queue, of this priority or a higher one, that wait to be claimed. */
  readonly waiting: (queue: string, priorityMin?: number) => number;
  readonly onClaimed: (claims: readonly ClaimedRun[], sentAtMs: number) => void;
}

/** `onFree` is to be called, at most once a turn of the event loop, when workers have become free. */
export type OwnLocalWorkers = LocalWorkers & { readonly onFree: () => void };

/** Claimants whose fire may still be in flight. */
const CLAIMANTS_MAX = 1_000;
/** Of all workers, the part that is kept for published runs while such runs wait: they are older than the runs that fire now. */
const PUBLISHED_SHARE = 0.25;

/** The free workers of this process, for a scheduler in it that claims as it fires. */
export function createLocalWorkers({ context, pool, blocked, waiting, onClaimed }: LocalWorkersOptions): OwnLocalWorkers {
  const { clock, config, handlers } = context;
  const rates = new Map(config.queues.map((queue) => [queue, createReleaseRate(clock, pool, queue)]));
  const claimants = createClaimants(context);
  let listening: { readonly queues: readonly string[]; readonly listener: () => void } | null = null;

  const canRun = ({ definition: { queue, handler } }: Job): boolean => !blocked() && rates.has(queue) && handlers.has(handler);
  const free = (queue: string): number => (blocked() ? 0 : Math.max(0, pool.free(queue) - keptForPublished(queue)));
  /** Published runs that are more urgent than the runs that fire now: each gets a worker first. */
  const moreUrgent = (queue: string, priority: number): number => waiting(queue, priority + 1);

  /** Workers kept for published runs of the queue and of the queues before it, as far as these may have workers. */
  function keptForPublished(queue: string): number {
    let published = 0;
    for (const before of config.queues) {
      if (pool.free(before) > 0) published += waiting(before);
      if (before === queue) break;
    }
    return published === 0 ? 0 : Math.min(published, Math.ceil(config.workersMax * PUBLISHED_SHARE));
  }
  function onFree(): void {
    for (const rate of rates.values()) rate.sample();
    if (listening === null || !listening.queues.some((queue) => free(queue) > 0)) return;
    const { listener } = listening;
    listening = null;
    listener();
  }
  return {
    reserve(job) {
      const { queue } = job.definition;
      if (!canRun(job) || free(queue) === 0 || pool.free(queue) <= moreUrgent(queue, readPriority(job.definition))) return false;
      return pool.reserve(toUser(job)) === "reserved";
    },
    unreserve: (jobs) => pool.release(jobs.map(toUser)),
    free,
    room() {
      const planned = pool.plan();
      const kept = new Map(config.queues.map((queue) => [queue, blocked() ? Infinity : keptForPublished(queue)]));
      return {
        take(queue, priority) {
          if (planned.free(queue) <= Math.max(kept.get(queue) ?? 0, moreUrgent(queue, priority))) return false;
          planned.take(queue);
          return true;
        },
      };
    },
    freeSoon: (job) => canRun(job) && rates.get(job.definition.queue)?.fast === true && !pool.isJobFull(toUser(job)),
    onceFree(queues, listener) {
      listening = { queues, listener };
      if (queues.some((queue) => free(queue) > 0)) setImmediate(onFree);
    },
    claimant: claimants.next,
    start(claims) {
      const token = claims[0]?.token;
      if (token !== undefined) onClaimed(claims, claimants.takeMadeAtMs(token));
    },
    onFree,
  };
}

const toUser = ({ uid, definition: { queue, overlap, workersMax } }: Job): WorkerUser => ({
  queue,
  jobUid: uid,
  exclusive: isExclusive(overlap),
  workersMax: workersMax ?? null,
});

/** Remembers when claimants were made: their leases began no earlier. */
function createClaimants({ clock, entropy, config }: Pick<ExecutorContext, "clock" | "entropy" | "config">) {
  const made = new Map<string, number>();
  return {
    next(): Claimant {
      const token = entropy.newToken();
      made.set(token, clock.monotonicMs());
      for (const oldest of made.keys()) {
        if (made.size <= CLAIMANTS_MAX) break;
        made.delete(oldest);
      }
      return { executor: config.executorId, token, leaseMs: config.leaseMs };
    },
    /** A claimant that is not remembered is older than all that are: its lease counts as ended, and its runs are released uncalled. */
    takeMadeAtMs(token: string): number {
      const atMs = made.get(token) ?? -Infinity;
      made.delete(token);
      return atMs;
    },
  };
}
