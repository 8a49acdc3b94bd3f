import { backoffMs } from "@tickline/shared/domain/backoff";
import type { DueRun } from "@tickline/shared/domain/due-run";
import type { Clock } from "@tickline/shared/ports/clock";
import type { Publication } from "@tickline/shared/ports/due-runs";
import { publicationKey } from "./publish-window.ts";

/** Runs of a queue that the bus refuses by themselves, or whose publication the store refuses to note: passed by until their wait is over, so that they hide none behind them. */
export interface RefusedRuns {
  /** It was refused. The first time it is tried again at the next look, then after waits that double. */
  add(run: Publication): void;
  /** Those that may be tried. */
  without(runs: readonly DueRun[]): readonly DueRun[];
  /** Only these still wait to be published. */
  keep(runs: readonly DueRun[]): void;
  readonly size: number;
}

export interface RefusedRunsLimits {
  readonly waitMs: number;
  readonly waitMsMax: number;
  /** Beyond it the oldest are forgotten, and tried again when they are met. */
  readonly runsMax: number;
}

interface Refusal {
  readonly times: number;
  /** By the monotonic clock. */
  readonly tryAtMs: number;
}

export function createRefusedRuns(clock: Clock, { waitMs, waitMsMax, runsMax }: RefusedRunsLimits): RefusedRuns {
  const refusals = new Map<string, Refusal>();
  const mayBeTried = (run: Publication): boolean => (refusals.get(publicationKey(run))?.tryAtMs ?? 0) <= clock.monotonicMs();
  return {
    add(run) {
      const key = publicationKey(run);
      const times = (refusals.get(key)?.times ?? 0) + 1;
      const pauseMs = backoffMs(times - 1, waitMs, waitMsMax);
      refusals.delete(key);
      refusals.set(key, { times, tryAtMs: clock.monotonicMs() + pauseMs });
      for (const oldest of refusals.keys()) {
        if (refusals.size <= runsMax) break;
        refusals.delete(oldest);
      }
    },
    without: (runs) => (refusals.size === 0 ? runs : runs.filter(mayBeTried)),
    keep(runs) {
      if (refusals.size === 0) return;
      const waiting = new Set(runs.map(publicationKey));
      for (const key of refusals.keys()) if (!waiting.has(key)) refusals.delete(key);
    },
    get size() {
      return refusals.size;
    },
  };
}
