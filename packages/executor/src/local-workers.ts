import type { ClaimedRun } from "@tickline/shared/domain/due-run";
import type { Claimant } from "@tickline/shared/ports/due-jobs";
import type { LocalWorkers } from "@tickline/shared/ports/local-workers";
import type { DueInbox } from "./due-inbox.ts";
import type { ExecutorContext } from "./executor-deps.ts";
import { createTurnover } from "./turnover.ts";
import type { WorkerPool } from "./worker-pool.ts";

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
  const queues = new Set(config.queues);
  const turnover = createTurnover(clock, pool);
  const claimants = createClaimants(context);
  let listener: (() => void) | null = null;

  const canRun = (queue: string, handler: string): boolean => !blocked() && queues.has(queue) && handlers.has(handler);
  const free = (): number => {
    const keptForInbox = Math.min(inbox.waiting, Math.ceil(config.workersMax * INBOX_SHARE));
    return blocked() ? 0 : Math.max(0, pool.free - keptForInbox);
  };
  function freed(): void {
    turnover.look();
    if (listener === null || free() === 0) return;
    const told = listener;
    listener = null;
    told();
  }
  return {
    reserve: (queue, handler) => canRun(queue, handler) && free() > 0 && pool.reserve(1) === 1,
    free,
    unreserve: (count) => pool.release(count),
    freeSoon: (queue, handler) => turnover.fast && canRun(queue, handler),
    onceFree(told) {
      listener = told;
      if (free() > 0) setImmediate(freed);
    },
    claimant: claimants.next,
    start(claims) {
      const token = claims[0]?.token;
      if (token !== undefined) onClaimed(claims, claimants.madeAtMs(token));
    },
    freed,
  };
}

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
