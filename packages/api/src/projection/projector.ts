import type { Instant } from "@tickline/shared/domain/instant";
import { supersedes, type StatusChange } from "@tickline/shared/domain/status-change";
import type { TicklineEvent } from "@tickline/shared/events/event";
import type { Clock } from "@tickline/shared/ports/clock";
import type { RefusedEvent } from "@tickline/shared/ports/bus";
import type { JobStatus } from "@tickline/shared/ports/job-status";
import { inHalves } from "@tickline/shared/runtime/in-halves";
import type { Logger } from "@tickline/shared/runtime/logger";
import { confirmedChanges, sortNews, type Confirming } from "./confirmed-changes.ts";
import { toStatusChange } from "./status-change-of.ts";

export interface ProjectorLimits {
  readonly projectionPendingMax: number;
  readonly projectionBatchMax: number;
  readonly projectionEveryMs: number;
}

/** Gathers what runs came to, one change a job, while the last batch is being written. */
export interface Projector {
  /** Resolves when there is room for more, with the events that can be about no run. */
  take(events: readonly TicklineEvent[]): Promise<readonly RefusedEvent[]>;
  /** Writes one batch. Returns how long to wait before the next, or null when nothing is pending. Rejects when the store does; nothing is forgotten then. */
  writeOnce(): Promise<number | null>;
  /** Lets everybody go who waits for room: nobody will make any. */
  release(): void;
  /** Age of the oldest change not yet written, in milliseconds; 0 when there is none. */
  lagMs(): number;
}

export interface ProjectorOptions extends Confirming {
  readonly status: Pick<JobStatus, "apply">;
  readonly clock: Clock;
  readonly log?: Pick<Logger, "warn">;
  readonly limits: ProjectorLimits;
  /** Called when something is pending. */
  readonly onPending: () => void;
}

/** The latest change of each job, and since when the oldest of them waits. */
interface Gathered {
  readonly changes: Map<string, StatusChange>;
  since: Instant | null;
}

const gathered = (): Gathered => ({ changes: new Map(), since: null });

export function createProjector({ status, clock, log, limits, onPending, ...confirming }: ProjectorOptions): Projector {
  let pending = gathered();
  let writing: Gathered | null = null;
  let writtenMs = Number.NEGATIVE_INFINITY;
  const waiting: (() => void)[] = [];

  function room(): Promise<void> {
    if (pending.changes.size <= limits.projectionPendingMax) return Promise.resolve();
    return new Promise((resolve) => waiting.push(resolve));
  }
  async function write(batch: Gathered): Promise<void> {
    writing = batch;
    try {
      const changes = await confirmedChanges([...batch.changes.values()], confirming);
      // One that no store takes must not keep the others from being shown: it is left to the fold.
      for (const { item, fault } of changes.length === 0 ? [] : await inHalves(changes, status.apply))
        log?.warn({ err: fault, jobUid: item.jobUid, runId: item.lastRun.runId }, "a status was not written");
    } catch (fault) {
      for (const change of batch.changes.values()) gather(pending.changes, change);
      pending.since = earlier(batch.since, pending.since);
      throw fault;
    } finally {
      writing = null;
    }
  }
  const release = (): void => waiting.splice(0).forEach((resume) => resume());
  return {
    release,
    async take(events) {
      const { changes } = pending;
      const { news, refused } = confirming.standing === undefined ? { news: events, refused: [] } : sortNews(events);
      for (const event of news) {
        const change = toStatusChange(event);
        if (change === null) continue;
        gather(changes, change);
        pending.since ??= event.time;
      }
      if (changes.size === 0) return refused;
      onPending();
      await room();
      return refused;
    },
    async writeOnce() {
      if (pending.changes.size === 0) return null;
      const waitMs = writtenMs + limits.projectionEveryMs - clock.monotonicMs();
      if (waitMs > 0) return waitMs;
      writtenMs = clock.monotonicMs();
      const batch = firstOf(pending, limits.projectionBatchMax);
      if (batch === pending) pending = gathered();
      await write(batch);
      release();
      return pending.changes.size === 0 ? null : limits.projectionEveryMs;
    },
    lagMs() {
      const since = earlier(pending.since, writing?.since ?? null);
      return since === null ? 0 : Math.max(0, clock.now() - since);
    },
  };
}

function gather(changes: Map<string, StatusChange>, change: StatusChange): void {
  const held = changes.get(change.jobUid);
  if (held === undefined || supersedes(change.lastRun, held.lastRun)) changes.set(change.jobUid, change);
}

/** The oldest changes, taken out; or all of them as they are. */
function firstOf(pending: Gathered, countMax: number): Gathered {
  if (pending.changes.size <= countMax) return pending;
  const batch = gathered();
  batch.since = pending.since;
  for (const [jobUid, change] of pending.changes) {
    if (batch.changes.size === countMax) break;
    batch.changes.set(jobUid, change);
    pending.changes.delete(jobUid);
  }
  return batch;
}

const earlier = (left: Instant | null, right: Instant | null): Instant | null =>
  left === null ? right : right === null ? left : Math.min(left, right);
