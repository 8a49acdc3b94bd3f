import type { Instant } from "@tickline/shared/domain/time/instant";
import { supersedes, type StatusChange } from "@tickline/shared/domain/job/status-change";
import type { TicklineEvent } from "@tickline/shared/events/event";
import type { Clock } from "@tickline/shared/ports/clock";
import type { RefusedEvent } from "@tickline/shared/ports/bus";
import type { JobStatus } from "@tickline/shared/ports/jobs/job-status";
import { inHalves } from "@tickline/shared/runtime/batch/in-halves";
import type { Logger } from "@tickline/shared/runtime/log/logger";
import { confirmedChanges, sortNews, type Confirming } from "./confirmed-changes.ts";
import { toStatusChange } from "./to-status-change.ts";

export interface ProjectorLimits {
  readonly projectionPendingMax: number;
  readonly projectionBatchMax: number;
  readonly projectionEveryMs: number;
}

/** Collects status changes, one for each job, while the last batch is being written. */
export interface Projector {
  /** Resolves when there is room for more, with the events that cannot be about a run. */
  take(events: readonly TicklineEvent[]): Promise<readonly RefusedEvent[]>;
  /** Writes one batch. Returns how long to wait before the next one, or null if nothing is pending. Rejects if the store does; the changes stay pending then. */
  writeOnce(): Promise<number | null>;
  /** Resolves all calls that wait for room, because nothing will be written any more. */
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

/** The latest change of each job, and the time of the oldest one. */
interface Batch {
  readonly changes: Map<string, StatusChange>;
  since: Instant | null;
}

const emptyBatch = (): Batch => ({ changes: new Map(), since: null });

export function createProjector({ status, clock, log, limits, onPending, ...confirming }: ProjectorOptions): Projector {
  let pending = emptyBatch();
  let writing: Batch | null = null;
  let writtenMs = Number.NEGATIVE_INFINITY;
  const waiting: (() => void)[] = [];

  function room(): Promise<void> {
    if (pending.changes.size <= limits.projectionPendingMax) return Promise.resolve();
    return new Promise((resolve) => waiting.push(resolve));
  }
  async function write(batch: Batch): Promise<void> {
    writing = batch;
    try {
      const changes = await confirmedChanges([...batch.changes.values()], confirming);
      // A change that the store refuses must not block the others. The fold tries it again.
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
      const batch = takeBatch(pending, limits.projectionBatchMax);
      if (batch === pending) pending = emptyBatch();
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

/** Removes the oldest changes and returns them; if there are few, returns all as they are. */
function takeBatch(pending: Batch, countMax: number): Batch {
  if (pending.changes.size <= countMax) return pending;
  const batch = emptyBatch();
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
