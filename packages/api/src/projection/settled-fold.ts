import type { Instant } from "@tickline/shared/domain/instant";
import { latestOfEach } from "@tickline/shared/domain/status-change";
import type { Clock } from "@tickline/shared/ports/clock";
import type { JobStatus } from "@tickline/shared/ports/job-status";
import type { Store } from "@tickline/shared/ports/store";

export interface FoldLimits {
  readonly foldEveryMs: number;
  readonly foldOverlapMs: number;
  readonly foldRunsMax: number;
}

export interface FoldDeps {
  readonly status: JobStatus;
  readonly hello: Store["hello"];
  readonly clock: Clock;
}

/** The part of the time that a fold works, at most one in this many: what the bus brings comes first. */
const REST_RATIO = 4;

interface Pass {
  /**
   * By the store's clock, which also says when runs were settled. The pass ends here, whatever is settled meanwhile; the
   * next one begins before it.
   */
  readonly startedAt: Instant;
  readonly since: Instant;
  after: string | null;
}

/**
 * Folds the runs that were settled since the watermark into the status of their jobs, a part a round. It makes good what
 * the bus lost, so that a wiped topic costs freshness only. Returns how long to wait before the next round.
 */
export function createSettledFold({ status, hello, clock }: FoldDeps, limits: FoldLimits): () => Promise<number> {
  let pass: Pass | null = null;

  async function begin(): Promise<Pass> {
    const { now } = await hello();
    const watermark = await status.watermark();
    return { startedAt: now, since: Math.max(0, watermark - limits.foldOverlapMs), after: null };
  }
  return async () => {
    const startedMs = clock.monotonicMs();
    pass ??= await begin();
    const part = await status.settledSince({ since: pass.since, until: pass.startedAt, after: pass.after, limit: limits.foldRunsMax });
    if (part.changes.length > 0) await status.apply(latestOfEach(part.changes));
    if (part.next !== null) {
      pass.after = part.next;
      return REST_RATIO * (clock.monotonicMs() - startedMs);
    }
    await status.advance(pass.startedAt);
    pass = null;
    return limits.foldEveryMs;
  };
}
