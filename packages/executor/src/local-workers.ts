import type { Claimant } from "@tickline/shared/ports/due-jobs";
import type { LocalWorkers } from "@tickline/shared/ports/local-workers";
import type { ClaimedRun } from "@tickline/shared/domain/due-run";
import type { DueInbox } from "./due-inbox.ts";
import type { ExecutorContext } from "./executor-deps.ts";
import type { WorkerPool } from "./worker-pool.ts";

export interface LocalWorkersOptions {
  readonly context: Pick<ExecutorContext, "clock" | "entropy" | "config" | "handlers">;
  readonly inbox: DueInbox;
  readonly pool: WorkerPool;
  readonly blocked: () => boolean;
  readonly onClaimed: (claims: readonly ClaimedRun[], sentAtMs: number) => void;
}

/** Claimants handed out whose fire may still be on its way. */
const CLAIMANTS_MAX = 1_000;
/** Of all workers, the part that is left to published runs while such wait: they are older than what fires now. */
const INBOX_SHARE = 0.25;

/** The free workers of this process, for a scheduler in it that claims as it fires. */
export function createLocalWorkers({ context, inbox, pool, blocked, onClaimed }: LocalWorkersOptions): LocalWorkers {
  const { clock, entropy, config, handlers } = context;
  const queues = new Set(config.queues);
  /** When each claimant was made: its leases began no earlier. */
  const madeAtMs = new Map<string, number>();

  function claimant(): Claimant {
    const token = entropy.newToken();
    madeAtMs.set(token, clock.monotonicMs());
    for (const oldest of madeAtMs.keys()) {
      if (madeAtMs.size <= CLAIMANTS_MAX) break;
      madeAtMs.delete(oldest);
    }
    return { executor: config.executorId, token, leaseMs: config.leaseMs };
  }
  return {
    reserve(queue, handler) {
      if (blocked() || !queues.has(queue) || !handlers.has(handler)) return false;
      if (pool.free <= Math.min(inbox.waiting, Math.ceil(config.workersMax * INBOX_SHARE))) return false;
      return pool.reserve(1) === 1;
    },
    unreserve: (count) => pool.release(count),
    claimant,
    start(claims) {
      const token = claims[0]?.token;
      if (token === undefined) return;
      // Unknown means older than anything remembered: treated as ended, so that it is released and not called.
      const sentAtMs = madeAtMs.get(token) ?? -Infinity;
      madeAtMs.delete(token);
      onClaimed(claims, sentAtMs);
    },
  };
}
