import type { Instant } from "@tickline/shared/domain/instant";
import type { Job } from "@tickline/shared/domain/job";

/** Jobs by their next instant: the earliest first. One entry a job; putting a job again replaces it. */
export interface DueHeap {
  readonly size: number;
  has(jobUid: string): boolean;
  get(jobUid: string): Job | undefined;
  /** A job without a next instant, or not active, is removed instead. */
  put(job: Job): void;
  remove(jobUid: string): void;
  earliest(): Instant | null;
  /** Takes out up to `limit` jobs that are due by `now`, earliest first. */
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
  const jobs = new Map<string, Job>();
  const current = ({ at, uid }: Entry): boolean => jobs.get(uid)?.nextRunAt === at;

  function dropOutdated(): Entry | undefined {
    let [top] = entries;
    while (top !== undefined && !current(top)) {
      popTop(entries);
      [top] = entries;
    }
    return top;
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
      if (!known) push(entries, { at: nextRunAt, uid });
      // Edits far ahead of their time leave outdated entries deep in the heap: rebuilt before they outnumber the jobs.
      if (entries.length > 64 + 2 * jobs.size) {
        entries = [...jobs.values()].flatMap((kept) => (kept.nextRunAt === null ? [] : [{ at: kept.nextRunAt, uid: kept.uid }]));
        entries.sort((left, right) => left.at - right.at);
      }
    },
    remove: (uid) => void jobs.delete(uid),
    earliest: () => dropOutdated()?.at ?? null,
    takeDue(now, limit) {
      const due: Job[] = [];
      while (due.length < limit) {
        const top = dropOutdated();
        if (top === undefined || top.at > now) break;
        popTop(entries);
        const job = jobs.get(top.uid);
        jobs.delete(top.uid);
        if (job !== undefined) due.push(job);
      }
      return due;
    },
    clear() {
      entries = [];
      jobs.clear();
    },
  };
}

function push(heap: Entry[], entry: Entry): void {
  let index = heap.length;
  heap.push(entry);
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || above.at <= entry.at) break;
    heap[index] = above;
    index = parent;
  }
  heap[index] = entry;
}

function popTop(heap: Entry[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    const left = heap[child];
    if (left === undefined) break;
    const right = heap[child + 1];
    const smaller = right !== undefined && right.at < left.at ? right : left;
    if (smaller === right) child += 1;
    if (smaller.at >= last.at) break;
    heap[index] = smaller;
    index = child;
  }
  heap[index] = last;
}
