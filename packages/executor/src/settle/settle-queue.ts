import { backoffMs } from "@tickline/shared/domain/time/backoff";
import type { ClaimedRun } from "@tickline/shared/domain/run/due-run";
import type { Instant } from "@tickline/shared/domain/time/instant";
import type { AttemptResult } from "@tickline/shared/domain/run/settlement";
import type { Clock, Timer } from "@tickline/shared/ports/clock";
import type { ExecutorConfig } from "../executor-config.ts";

/** A result that is not in the store yet. */
export interface Unsettled {
  readonly claim: ClaimedRun;
  readonly result: AttemptResult;
  readonly finishedAt: Instant;
  /** Where a handler of the user threw, for the log. */
  readonly stack?: string | null;
}

/** Results that are written together, and how often that failed. */
export interface SettleBatch {
  readonly results: readonly Unsettled[];
  readonly failures: number;
}

/** Results that are to be written: new ones, and those that were not written, after a wait that doubles. */
export interface SettleQueue {
  add(result: Unsettled): void;
  /** What to write next; null: nothing now. */
  take(): SettleBatch | null;
  /** For a batch that was not written: it is written again whole, after a wait. */
  retryLater(batch: SettleBatch): void;
  /** For a batch that was not written: it is written again at once, in two halves. */
  retryHalved(batch: SettleBatch): void;
  readonly waiting: readonly Unsettled[];
  /** Ends all waits: everything can be taken now. */
  endWaits(): void;
  /** Removes everything. */
  clear(): void;
}

export interface SettleQueueOptions {
  readonly clock: Clock;
  readonly config: Pick<ExecutorConfig, "settleRunsMax" | "retryWriteMs" | "retryWriteMsMax">;
  /** Called when a wait is over. */
  readonly onReady: () => void;
}

export function createSettleQueue({ clock, config, onReady }: SettleQueueOptions): SettleQueue {
  const later = new Map<SettleBatch, Timer>();
  let fresh: Unsettled[] = [];
  let again: SettleBatch[] = [];

  return {
    add(result) {
      fresh.push(result);
    },
    take() {
      const batch = again.shift();
      if (batch !== undefined) return batch;
      if (fresh.length === 0) return null;
      const results = fresh.length <= config.settleRunsMax ? fresh : fresh.slice(0, config.settleRunsMax);
      fresh = fresh.length <= config.settleRunsMax ? [] : fresh.slice(config.settleRunsMax);
      return { results, failures: 0 };
    },
    retryLater({ results, failures }) {
      const batch = { results, failures: failures + 1 };
      const timer = clock.setTimer(backoffMs(batch.failures, config.retryWriteMs, config.retryWriteMsMax), () => {
        later.delete(batch);
        again.push(batch);
        onReady();
      });
      later.set(batch, timer);
    },
    retryHalved({ results }) {
      const middle = Math.ceil(results.length / 2);
      again.push({ results: results.slice(0, middle), failures: 0 }, { results: results.slice(middle), failures: 0 });
    },
    get waiting() {
      return [...fresh, ...[...again, ...later.keys()].flatMap(({ results }) => results)];
    },
    endWaits() {
      for (const [{ results }, timer] of later) {
        timer.cancel();
        again.push({ results, failures: 0 });
      }
      later.clear();
    },
    clear() {
      for (const timer of later.values()) timer.cancel();
      later.clear();
      again = [];
      fresh = [];
    },
  };
}
