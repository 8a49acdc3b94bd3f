import { backoffMs } from "@tickline/shared/domain/backoff";
import type { Job } from "@tickline/shared/domain/job";
import type { RangeContext } from "./scheduler-deps.ts";
import { rangeName } from "./slot-ranges.ts";

/**
 * Jobs that this process cannot fire: it cannot evaluate their schedule, or the store refuses their fire. Each is put aside
 * by itself and tried again after a wait that doubles, so that it costs its neighbours nothing. Known in memory alone:
 * another scheduler may know the zone or the newer definition, and this one may after its next start.
 */
export interface SetAsideJobs {
  /** Puts a job aside, for longer each time in a row. */
  put(job: Job, reason: string): void;
  /** True while this very version of the job waits for its next try: whoever reads it passes it by. An edited one is let go. */
  holds(job: Job): boolean;
  has(jobUid: string): boolean;
  /** Jobs whose wait is over, to be read and tried again. */
  takeDue(): readonly string[];
  /** The job fired, or has nothing to fire: it begins anew if it is ever put aside again. */
  release(jobUid: string): void;
  clear(): void;
}

interface Entry {
  readonly version: number;
  /** Times in a row it was put aside. */
  readonly times: number;
  /** By the monotonic clock. */
  readonly tryAtMs: number;
  trying: boolean;
}

export function createSetAsideJobs({ config, clock, log, metrics, shard }: RangeContext): SetAsideJobs {
  const entries = new Map<string, Entry>();
  const range = rangeName(shard);
  const count = (): void => metrics.setAside.set({ range }, entries.size);

  function release(jobUid: string): void {
    if (entries.delete(jobUid)) count();
  }
  /** What is forgotten here is met again, and tried again, by the next look for overdue jobs. */
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
      metrics.setAside.remove({ range }); // Its next leader counts them.
    },
  };
}
