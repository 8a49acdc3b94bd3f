import type { ClaimedRun } from "@tickline/shared/domain/due-run";
import type { Job } from "@tickline/shared/domain/job";
import { isExclusive } from "@tickline/shared/domain/overlap";
import type { Claimant } from "@tickline/shared/ports/due-jobs";
import type { LocalWorkers } from "@tickline/shared/ports/local-workers";
import type { DueInbox } from "../intake/due-inbox.ts";
import type { ExecutorContext } from "../executor-context.ts";
import { createTurnover, type Turnover } from "./release-rate.ts";
import type { WorkerPool, WorkerUser } from "./worker-pool.ts";

export interface LocalWorkersOptions {
  readonly context: Pick<ExecutorContext, "clock" | "entropy" | "config" | "handlers">;
  readonly inbox: DueInbox;
  readonly pool: WorkerPool;
  /** True while nothing may be claimed. */
  readonly blocked: () => boolean;
  readonly onClaimed: (claims: readonly ClaimedRun[], sentAtMs: number) => void;
}

/** `freed` is to be called, at most once a turn of the event loop, when workers have become free. */
export type LocalWorkersOfSession = LocalWorkers & { readonly freed: () => void };

/** Claimants handed out whose fire may still be on its way. */
const CLAIMANTS_MAX = 1_000;
/** Of all workers, the part that is left to published runs while such wait: they are older than what fires now. */
const INBOX_SHARE = 0.25;

/** The free workers of this process, for a scheduler in it that claims as it fires. */
export function createLocalWorkers({ context, inbox, pool, blocked, onClaimed }: LocalWorkersOptions): LocalWorkersOfSession {
  const { clock, config, handlers } = context;
  const turnovers = new Map<string, Turnover>(config.queues.map((queue) => [queue, createTurnover(clock, pool, queue)]));
  const claimants = createClaimants(context);
  let waiting: { readonly queues: readonly string[]; readonly told: () => void } | null = null;

  const canRun = ({ definition: { queue, handler } }: Job): boolean => !blocked() && turnovers.has(queue) && handlers.has(handler);
  const free = (queue: string): number => (blocked() ? 0 : Math.max(0, pool.free(queue) - keptForInbox(queue)));

  /** For published runs of the queue and of those before it, as far as these may have workers. */
  function keptForInbox(queue: string): number {
    let published = 0;
    for (const before of config.queues) {
      if (pool.free(before) > 0) published += inbox.waiting(before);
      if (before === queue) break;
    }
    return published === 0 ? 0 : Math.min(published, Math.ceil(config.workersMax * INBOX_SHARE));
  }
  function freed(): void {
    for (const turnover of turnovers.values()) turnover.look();
    if (waiting === null || !waiting.queues.some((queue) => free(queue) > 0)) return;
    const { told } = waiting;
    waiting = null;
    told();
  }
  return {
    reserve: (job) => canRun(job) && free(job.definition.queue) > 0 && pool.reserve(userOf(job)) === "reserved",
    unreserve: (jobs) => pool.release(jobs.map(userOf)),
    free,
    room() {
      const planned = pool.plan();
      const kept = new Map(config.queues.map((queue) => [queue, blocked() ? Infinity : keptForInbox(queue)]));
      return {
        take(queue) {
          if (planned.free(queue) <= (kept.get(queue) ?? 0)) return false;
          planned.take(queue);
          return true;
        },
      };
    },
    freeSoon: (job) => canRun(job) && turnovers.get(job.definition.queue)?.fast === true && !pool.isJobFull(userOf(job)),
    onceFree(queues, told) {
      waiting = { queues, told };
      if (queues.some((queue) => free(queue) > 0)) setImmediate(freed);
    },
    claimant: claimants.next,
    start(claims) {
      const token = claims[0]?.token;
      if (token !== undefined) onClaimed(claims, claimants.madeAtMs(token));
    },
    freed,
  };
}

const userOf = ({ uid, definition: { queue, overlap, workersMax } }: Job): WorkerUser => ({
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
    /** One not remembered is older than all that are: its lease is taken for ended, and its runs are released uncalled. */
    madeAtMs(token: string): number {
      const atMs = made.get(token) ?? -Infinity;
      made.delete(token);
      return atMs;
    },
  };
}
