import type { DueRun } from "../../domain/run/due-run.ts";
import type { Instant } from "../../domain/time/instant.ts";
import type { EndedRun } from "../../domain/run/settlement.ts";
import type { Shard } from "../../domain/slot.ts";

/** A published run, and how long to wait for a claim before it is published again. */
export interface Publication {
  readonly runId: string;
  readonly attempt: number;
  /** By the store's clock; absent: the time of this call. A run that was deferred since and is publishable again was not published after that. */
  readonly publishedAt?: Instant | undefined;
}

export interface WakeResult {
  /** Runs that became publishable: retries that came due, repeats, and runs deferred until a time. */
  readonly ready: number;
  /** Runs closed because they waited too long (`skipped: expired`), or were cancelled while waiting for a retry. */
  readonly ended: readonly EndedRun[];
  /** When the earliest waiting run has to be woken; null: none waits. */
  readonly nextWakeAt: Instant | null;
  /** True when some kind used up its budget: wake again at once. */
  readonly more: boolean;
}

/**
 * Runs that wait for a worker. A `due` run is *publishable* until it is published, and again whenever it is woken:
 * by a retry, by a repeat (no executor claimed it in time), or because what it waited for may have changed.
 */
export interface DueRuns {
  /**
   * Publishable runs of one queue, at most `limit`: those of the highest priority first, and of equal priority in the order of
   * their ids. Reading changes nothing. Runs whose definition cannot be read are left out, and do not count for `limit`; they stay
   * `due` until they expire, are cancelled, or can be read.
   */
  publishable(query: {
    readonly shard: Shard;
    readonly queue: string;
    readonly limit: number;
    /** Only runs rescued less often than this. Default: all. */
    readonly rescuesBelow?: number | undefined;
    /** True: also runs that were published and are unclaimed, for a caller that claims runs without their messages. Default: false. */
    readonly unclaimed?: boolean | undefined;
    /** Only runs of these handlers. Default: of any. */
    readonly handlers?: readonly string[] | undefined;
  }): Promise<readonly DueRun[]>;
  /** Queues that have publishable runs. */
  queues(shard: Shard): Promise<readonly string[]>;
  /**
   * Records that runs were published: no longer publishable, to be repeated at doubling intervals from
   * `repeatMs` up to `repeatMsMax`. Runs claimed or deferred since `publishedAt`, or of another attempt, are not changed.
   */
  published(request: {
    readonly runs: readonly Publication[];
    readonly now: Instant;
    readonly repeatMs: number;
    readonly repeatMsMax: number;
  }): Promise<void>;
  /** Published runs that are unclaimed and not publishable again, counted per queue. Queues with none are left out. */
  unclaimed(shard: Shard): Promise<Readonly<Record<string, number>>>;
  /** Those of them with at least this many rescues. */
  unclaimedRescued(shard: Shard, rescuesMin: number): Promise<Readonly<Record<string, number>>>;
  /**
   * Wakes the runs that have to be woken by `now`, each kind with its own budget of `limit`: `retrying` becomes `due` with
   * attempt + 1 (`cancelled` if that was requested); a `due` run past its expiry becomes `skipped: expired`; any other
   * `due` run whose `wakeAt` has come is publishable again, but of those of one job, queue and handler that wait for another run only the first that can be read, and those
   * deferred as `unknown_handler` not at all (see `DeferredRuns`).
   */
  wake(request: { readonly shard: Shard; readonly now: Instant; readonly limit: number }): Promise<WakeResult>;
  /**
   * Closes `due` runs that wait since before `dueBefore`, whatever their attempt: for an executor, a handler, or another run of their
   * job. Those never started become `skipped`, the others `failed`, both with `reason: retention`. Oldest first, at most `limit`.
   */
  closeWaiting(request: {
    readonly shard: Shard;
    readonly dueBefore: Instant;
    readonly now: Instant;
    readonly limit: number;
  }): Promise<readonly EndedRun[]>;
  /**
   * For use after the clock was set back: waits that began in the future, by `now`, continue as if they began now. A retry whose
   * failure is in the future waits its delay from now; a `due` run that waits for longer than `waitMsMax` is publishable; a lease that ends
   * later than a whole lease from now ends then. Returns how many runs were changed.
   */
  resetWaits(request: { readonly shard: Shard; readonly now: Instant; readonly waitMsMax: number }): Promise<number>;
}
