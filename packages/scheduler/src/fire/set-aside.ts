import { backoffMs } from "@tickline/shared/domain/time/backoff";
import type { Job } from "@tickline/shared/domain/job/job";
import type { ShardContext } from "../shard-context.ts";
import { shardName } from "../sharding/shards.ts";

/**
 * Jobs that this process cannot fire: it cannot evaluate their schedule, or the store refuses their fire. Each is set aside
 * and tried again after a wait that doubles, so that it does not delay other jobs. This state is kept in memory only, because
 * another scheduler, or this one after its next start, may know the zone or the newer definition.
 */
export interface SetAsideJobs {
  /** Sets a job aside, for longer each time in a row. */
  put(job: Job, reason: string): void;
  /** True while this version of the job waits for its next try. An edited job is released. */
  holds(job: Job): boolean;
  has(jobUid: string): boolean;
  /** Jobs whose wait is over, to be read and tried again. */
  takeDue(): readonly string[];
  /** The job fired, or has nothing to fire: its waits begin anew if it is set aside again. */
  release(jobUid: string): void;
  clear(): void;
}

interface Entry {
  readonly version: number;
  /** Times in a row that it was set aside. */
  readonly times: number;
  /** By the monotonic clock. */
  readonly tryAtMs: number;
  trying: boolean;
}

export function createSetAsideJobs({ config, clock, log, metrics, shard }: ShardContext): SetAsideJobs {
  const entries = new Map<string, Entry>();
  const labels = { range: shardName(shard) };
  const count = (): void => metrics.setAside.set(labels, entries.size);

  function release(jobUid: string): void {
    if (entries.delete(jobUid)) count();
  }
  /** The next search for overdue jobs finds a job that is removed here, and it is tried again. */
  function makeRoom(): void {
    if (entries.size < config.setAsideJobsMax) return;
    for (const oldest of entries.keys()) if (entries.delete(oldest)) return;
  }
  return {
    put(job, reason) {
      const { uid, id, tenantId, version } = job;
      const known = entries.get(uid);
      const times = known?.version === version ? known.times + 1 : 1;
      const waitMs = backoffMs(times, config.setAsideMs, config.setAsideMsMax);
      entries.delete(uid);
      makeRoom();
      entries.set(uid, { version, times, tryAtMs: clock.monotonicMs() + waitMs, trying: false });
      count();
      log.warn(
        { job: id, jobUid: uid, tenantId, reason, times, waitMs },
        "a job is set aside: it cannot be fired here, and is tried again",
      );
    },
    holds({ uid, version }) {
      const entry = entries.get(uid);
      if (entry === undefined) return false;
      if (entry.version !== version) release(uid);
      return entry.version === version && !entry.trying;
    },
    has: (jobUid) => entries.has(jobUid),
    takeDue() {
      const due: string[] = [];
      for (const [uid, entry] of entries) {
        if (entry.trying || entry.tryAtMs > clock.monotonicMs()) continue;
        entry.trying = true;
        due.push(uid);
      }
      return due;
    },
    release,
    clear() {
      entries.clear();
      metrics.setAside.remove(labels); // The next leader counts them.
    },
  };
}
