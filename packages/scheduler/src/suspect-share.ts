import type { DueRun } from "@tickline/shared/domain/due-run";
import type { SchedulerConfig } from "./scheduler-config.ts";

/**
 * The part of a queue's window that suspects may use. Executors run them one at a time, so that many of them wait, published and unclaimed,
 * for hours if their handlers take long: with the whole window they would hide every run behind them.
 */
export interface SuspectShare {
  /** As many of them as may be published, and all runs that are no suspects, in their order. */
  divide(runs: readonly DueRun[]): { readonly fitting: readonly DueRun[]; readonly others: readonly DueRun[] };
  isSuspect(run: DueRun): boolean;
  /** These were published. */
  published(runs: readonly DueRun[]): void;
  /** So many are unclaimed by the count of a look. Returns how many of them are beyond the share, which take no room of others. */
  counted(unclaimed: number): number;
  /** True while any are unclaimed, or some wait to be published. */
  readonly met: boolean;
}

export function createSuspectShare({
  windowRunsMax,
  suspectShare,
  suspectRescuesMin,
}: Pick<SchedulerConfig, "windowRunsMax" | "suspectShare" | "suspectRescuesMin">): SuspectShare {
  const most = Math.ceil(windowRunsMax * suspectShare);
  const isSuspect = ({ rescues }: DueRun): boolean => rescues >= suspectRescuesMin;
  let unclaimed = 0;
  let waiting = false;
  return {
    isSuspect,
    divide(runs) {
      waiting = runs.some(isSuspect);
      if (!waiting) return { fitting: runs, others: [] };
      let room = Math.max(0, most - unclaimed);
      const { fitting = [], others = [] } = Object.groupBy(runs, (run) => (!isSuspect(run) || room-- > 0 ? "fitting" : "others"));
      return { fitting, others };
    },
    published(runs) {
      if (waiting) unclaimed += runs.filter(isSuspect).length;
    },
    counted(count) {
      unclaimed = count;
      return Math.max(0, count - most);
    },
    get met() {
      return waiting || unclaimed > 0;
    },
  };
}
