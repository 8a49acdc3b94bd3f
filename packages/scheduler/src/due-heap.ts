import type { Instant } from "@tickline/shared/domain/instant";
import type { Job } from "@tickline/shared/domain/job";
import { MISSED_AFTER_MS } from "@tickline/shared/domain/misfire";
import { popEarliest, pushTimed } from "@tickline/shared/domain/time-heap";

/** Of one take, the part that is left to jobs that owe misfires: catching up on a week goes on beside what is on time. */
const OVERDUE_SHARE = 0.1;

/** Jobs by their next instant: the earliest first. One entry a job; putting a job again replaces it. */
export interface DueHeap {
  readonly size: number;
  has(jobUid: string): boolean;
  get(jobUid: string): Job | undefined;
  /** A job without a next instant, or not active, is removed instead. */
  put(job: Job): void;
  remove(jobUid: string): void;
  /** How many are such. Looks at all of them. */
  count(isSuch: (job: Job) => boolean): number;
  earliest(): Instant | null;
  /** Takes out up to `limit` jobs that are due by `now`: those on time, then a share of those that owe misfires; each earliest first. */
  takeDue(now: Instant, limit: number): Job[];
  clear(): void;
}

interface Entry {
  readonly at: Instant;
  readonly uid: string;
}

/** A binary heap whose outdated entries stay until they surface: replacing and removing cost no search. */
export function createDueHeap(): DueHeap {
  let entries: Entry[] = [];
  /** Found to owe misfires when they surfaced. */
  let overdue: Entry[] = [];
  const jobs = new Map<string, Job>();

  function setOverdueAside(onTimeFrom: Instant): void {
    for (let top = topOf(entries, jobs); top !== undefined && top.at < onTimeFrom; top = topOf(entries, jobs)) {
      popEarliest(entries);
      pushTimed(overdue, top);
    }
  }
  return {
    get size() {
      return jobs.size;
    },
    has: (uid) => jobs.has(uid),
    get: (uid) => jobs.get(uid),
    put(job) {
      const { uid, nextRunAt } = job;
      if (nextRunAt === null || job.state !== "active") {
        jobs.delete(uid);
        return;
      }
      const known = jobs.get(uid)?.nextRunAt === nextRunAt;
      jobs.set(uid, job);
      if (!known) pushTimed(entries, { at: nextRunAt, uid });
      // Edits far ahead of their time leave outdated entries deep in the heap: rebuilt before they outnumber the jobs.
      if (entries.length + overdue.length > 64 + 2 * jobs.size) {
        overdue = [];
        entries = [...jobs.values()].flatMap((kept) => (kept.nextRunAt === null ? [] : [{ at: kept.nextRunAt, uid: kept.uid }]));
        entries.sort((left, right) => left.at - right.at);
      }
    },
    remove: (uid) => void jobs.delete(uid),
    count(isSuch) {
      let count = 0;
      for (const job of jobs.values()) if (isSuch(job)) count += 1;
      return count;
    },
    earliest() {
      const [left, right] = [topOf(entries, jobs)?.at, topOf(overdue, jobs)?.at];
      return left === undefined || right === undefined ? (left ?? right ?? null) : Math.min(left, right);
    },
    takeDue(now, limit) {
      setOverdueAside(now - MISSED_AFTER_MS);
      const kept = topOf(overdue, jobs) === undefined ? 0 : Math.ceil(limit * OVERDUE_SHARE);
      const onTime = takeFrom(entries, jobs, { now, limit: limit - kept });
      for (const job of takeFrom(overdue, jobs, { now, limit: limit - onTime.length })) onTime.push(job);
      return onTime;
    },
    clear() {
      entries = [];
      overdue = [];
      jobs.clear();
    },
  };
}

/** The earliest entry that still holds; those outdated before it are dropped. */
function topOf(heap: Entry[], jobs: ReadonlyMap<string, Job>): Entry | undefined {
  let [top] = heap;
  while (top !== undefined && jobs.get(top.uid)?.nextRunAt !== top.at) {
    popEarliest(heap);
    [top] = heap;
  }
  return top;
}

function takeFrom(heap: Entry[], jobs: Map<string, Job>, { now, limit }: { readonly now: Instant; readonly limit: number }): Job[] {
  const due: Job[] = [];
  while (due.length < limit) {
    const top = topOf(heap, jobs);
    if (top === undefined || top.at > now) break;
    popEarliest(heap);
    const job = jobs.get(top.uid);
    jobs.delete(top.uid);
    if (job !== undefined) due.push(job);
  }
  return due;
}
