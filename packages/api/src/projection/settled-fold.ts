import type { Instant } from "@tickline/shared/domain/time/instant";
import { latestOfEach, type StatusChange } from "@tickline/shared/domain/job/status-change";
import { STORE_TIME_DIFFERENCE_MS_MAX } from "@tickline/shared/domain/time/time-limits";
import type { Clock } from "@tickline/shared/ports/clock";
import type { JobStatus } from "@tickline/shared/ports/jobs/job-status";
import type { Store } from "@tickline/shared/ports/store/store";
import { inHalves } from "@tickline/shared/runtime/batch/in-halves";
import type { Logger } from "@tickline/shared/runtime/log/logger";

export interface FoldLimits {
  readonly foldEveryMs: number;
  readonly foldOverlapMs: number;
  readonly foldRunsMax: number;
}

export interface FoldDeps {
  readonly status: JobStatus;
  readonly ping: Store["ping"];
  readonly clock: Clock;
  readonly log?: Pick<Logger, "warn">;
}

/** The fold rests this many times as long as it works: changes from the bus come first. */
const REST_RATIO = 4;

/** How often a part is tried while the store refuses some of it. Then the refused changes are left out, so that they do not block the rest. */
const TRIES_MAX = 5;

/** `since` inclusive, `until` exclusive. */
interface Span {
  readonly since: Instant;
  readonly until: Instant;
}

interface Pass {
  /** By the store's clock, which also sets the times of settlements. The next pass begins before it. */
  readonly startedAt: Instant;
  /** The spans that are still to be folded. No span includes times after `startedAt` at which runs are still settled; otherwise a pass might never end. */
  spans: readonly Span[];
  /** The watermark is ahead of the store's clock, because that was set back. */
  readonly isAhead: boolean;
  after: string | null;
  /** How often the present part was refused. */
  refusals: number;
}

/**
 * Folds the runs that were settled since the watermark into the status of their jobs, one part in each round. This repairs what the bus
 * lost, so that lost events only delay the status. Returns how long to wait before the next round.
 */
export function createSettledFold({ status, ping, clock, log }: FoldDeps, limits: FoldLimits): () => Promise<number> {
  let pass: Pass | null = null;

  async function begin(): Promise<Pass> {
    const { now } = await ping();
    const watermark = await status.watermark();
    if (watermark - now <= STORE_TIME_DIFFERENCE_MS_MAX) {
      const since = Math.max(0, watermark - limits.foldOverlapMs);
      return { startedAt: now, spans: [{ since, until: now }], isAhead: false, after: null, refusals: 0 };
    }
    // It is unknown since when it has been ahead, and which runs were settled before it. So everything is folded once, the runs ahead first.
    const ahead = { since: now + STORE_TIME_DIFFERENCE_MS_MAX, until: Number.MAX_SAFE_INTEGER };
    return { startedAt: now, spans: [ahead, { since: 0, until: now }], isAhead: true, after: null, refusals: 0 };
  }
  async function end({ startedAt, isAhead }: Pass): Promise<void> {
    if (isAhead) await status.rewind(startedAt);
    await status.advance(startedAt);
  }
  async function apply(current: Pass, changes: readonly StatusChange[]): Promise<void> {
    const refused = await inHalves(changes, status.apply);
    const [first] = refused;
    current.refusals = first === undefined ? 0 : current.refusals + 1;
    if (first !== undefined && current.refusals < TRIES_MAX) throw first.fault;
    for (const { item, fault } of refused)
      log?.warn({ err: fault, jobUid: item.jobUid, runId: item.lastRun.runId }, "a status was refused, and is not folded in");
    current.refusals = 0;
  }
  return async () => {
    const startedMs = clock.monotonicMs();
    pass ??= await begin();
    const [span, ...rest] = pass.spans;
    const part = span === undefined ? null : await status.settledSince({ ...span, after: pass.after, limit: limits.foldRunsMax });
    if (part !== null) await apply(pass, latestOfEach(part.changes));
    pass.after = part?.next ?? null;
    if (pass.after === null) pass.spans = rest;
    if (pass.spans.length > 0) return REST_RATIO * (clock.monotonicMs() - startedMs);
    await end(pass);
    pass = null;
    return limits.foldEveryMs;
  };
}
