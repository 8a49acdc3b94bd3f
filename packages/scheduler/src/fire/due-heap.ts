import type { Instant } from "@tickline/shared/domain/time/instant";
import type { Job } from "@tickline/shared/domain/job/job";
import { readPriority } from "@tickline/shared/domain/job/job-definition";
import { MISSED_AFTER_MS } from "@tickline/shared/domain/policy/misfire";
import { mostUrgentFirst } from "@tickline/shared/domain/queue/priority";
import { createQueueLanes } from "@tickline/shared/domain/queue/queue-lanes";
import { popEarliest, pushTimed } from "@tickline/shared/domain/time/time-heap";

/** Of the jobs taken at once, the part that is left to jobs that owe misfires, so that a long backlog makes progress while other jobs fire on time. */
const OVERDUE_SHARE = 0.1;

/**
 * Jobs in memory by their next instant, one entry each; a job that is put again replaces itself. It holds only what is put into it: `JobWindow` fills
 * it from the store, and only the store decides what is due.
 */
export interface DueHeap {
  readonly size: number;
  has(jobUid: string): boolean;
  get(jobUid: string): Job | undefined;
  /** A job without a next instant, or not active, is removed instead. */
  put(job: Job): void;
  remove(jobUid: string): void;
  /** How many jobs match. Looks at all of them. */
  count(isSuch: (job: Job) => boolean): number;
  earliest(): Instant | null;
  /**
   * Takes out up to `limit` jobs that are due by `now`: those on time, then a share of those that owe misfires; each by the priority of their
   * queues. Of one queue the earliest are taken, so that no job fires late because of others; of those the most urgent come first, and get the
   * free workers.
   */
  takeDue(now: Instant, limit: number): Job[];
  clear(): void;
}

interface Entry {
  readonly at: Instant;
  readonly uid: string;
}

/** The jobs of one queue. */
interface Lane {
  entries: Entry[];
  /** Those that owed misfires when they reached the top. */
  overdue: Entry[];
}

const newLane = (): Lane => ({ entries: [], overdue: [] });

/** Binary heaps, one a queue. Outdated entries stay until they reach the top, so that replacing and removing cost no search. `queues`: by priority. */
export function createDueHeap(queues: readonly string[] = []): DueHeap {
  const lanes = createQueueLanes(queues, newLane);
  const jobs = new Map<string, Job>();

  /** Edits of jobs that are due later leave outdated entries deep in the heap. It is rebuilt before they outnumber the jobs. */
  function rebuildIfOutdated(): void {
    let entries = 0;
    for (const lane of lanes.all) entries += lane.entries.length + lane.overdue.length;
    if (entries <= 64 + 2 * jobs.size) return;
    for (const lane of lanes.all) Object.assign(lane, newLane());
    for (const { uid, nextRunAt, definition } of jobs.values())
      if (nextRunAt !== null) lanes.of(definition.queue).entries.push({ at: nextRunAt, uid });
    for (const lane of lanes.all) lane.entries.sort((left, right) => left.at - right.at);
  }
  const earliestIn = ({ entries: onTime, overdue }: Lane): Instant =>
    Math.min(readTop(onTime, jobs)?.at ?? Infinity, readTop(overdue, jobs)?.at ?? Infinity);

  return {
    get size() {
      return jobs.size;
    },
    has: (uid) => jobs.has(uid),
    get: (uid) => jobs.get(uid),
    put(job) {
      const { uid, nextRunAt, definition } = job;
      if (nextRunAt === null || job.state !== "active") {
        jobs.delete(uid);
        return;
      }
      const known = jobs.get(uid);
      jobs.set(uid, job);
      if (known?.nextRunAt === nextRunAt && known.definition.queue === definition.queue) return;
      pushTimed(lanes.of(definition.queue).entries, { at: nextRunAt, uid });
      rebuildIfOutdated();
    },
    remove: (uid) => void jobs.delete(uid),
    count(isSuch) {
      let count = 0;
      for (const job of jobs.values()) if (isSuch(job)) count += 1;
      return count;
    },
    earliest() {
      const at = Math.min(...lanes.all.map(earliestIn), Infinity);
      return at === Infinity ? null : at;
    },
    takeDue(now, limit) {
      const inTurn = lanes.inTurn((lane) => earliestIn(lane) <= now);
      for (const lane of inTurn) setOverdueAside(lane, jobs, now - MISSED_AFTER_MS);
      const kept = inTurn.some(({ overdue }) => readTop(overdue, jobs) !== undefined) ? Math.ceil(limit * OVERDUE_SHARE) : 0;
      const due: Job[] = [];
      for (const { entries: onTime } of inTurn) takeFrom(onTime, jobs, { now, limit: limit - kept, due });
      for (const { overdue } of inTurn) takeFrom(overdue, jobs, { now, limit, due });
      return due;
    },
    clear() {
      for (const lane of lanes.all) Object.assign(lane, newLane());
      jobs.clear();
    },
  };
}

/** The earliest entry that is not outdated; outdated ones before it are dropped. */
function readTop(heap: Entry[], jobs: ReadonlyMap<string, Job>): Entry | undefined {
  let [top] = heap;
  while (top !== undefined && jobs.get(top.uid)?.nextRunAt !== top.at) {
    popEarliest(heap);
    [top] = heap;
  }
  return top;
}

function setOverdueAside({ entries, overdue }: Lane, jobs: ReadonlyMap<string, Job>, onTimeFrom: Instant): void {
  for (let top = readTop(entries, jobs); top !== undefined && top.at < onTimeFrom; top = readTop(entries, jobs)) {
    popEarliest(entries);
    pushTimed(overdue, top);
  }
}

const jobPriority = ({ definition }: Job): number => readPriority(definition);

interface Taking {
  readonly now: Instant;
  /** For all jobs in `due`. */
  readonly limit: number;
  readonly due: Job[];
}

function takeFrom(heap: Entry[], jobs: Map<string, Job>, { now, limit, due }: Taking): void {
  const taken: Job[] = [];
  while (due.length + taken.length < limit) {
    const top = readTop(heap, jobs);
    if (top === undefined || top.at > now) break;
    popEarliest(heap);
    const job = jobs.get(top.uid);
    jobs.delete(top.uid);
    if (job !== undefined) taken.push(job);
  }
  for (const job of mostUrgentFirst(taken, jobPriority)) due.push(job);
}
