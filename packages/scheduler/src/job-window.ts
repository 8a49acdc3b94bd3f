import type { Instant } from "@tickline/shared/domain/instant";
import type { Job } from "@tickline/shared/domain/job";
import type { UpcomingQuery } from "@tickline/shared/ports/due-jobs";
import { createDueHeap, type DueHeap } from "./due-heap.ts";
import type { RangeContext } from "./scheduler-deps.ts";

/** The jobs due in the next seconds, kept in memory by reads of the store and refreshed by hints. */
export interface JobWindow {
  readonly heap: DueHeap;
  /** Jobs whose fire is on its way: not to be put back by a read that began before it. */
  readonly firing: Set<string>;
  /** Reads ahead up to the horizon, as far as memory allows, then what hints and lost fires asked for. */
  refill(): Promise<void>;
  /** Looks for overdue jobs that no hint brought. */
  findOverdue(): Promise<void>;
  /** Asks for a job to be read again at the next `refill`. */
  reread(jobUid: string): void;
  /** A hint that a job's next instant may be this. True if it matters now. */
  hint(jobUid: string, nextRunAt: Instant | null): boolean;
  /** Puts a job back after a fire that won. */
  advance(job: Job): void;
  /** Forgets everything. */
  clear(): void;
}

/** Overdue jobs looked at in one read. */
const OVERDUE_JOBS_MAX = 500;
/** Jobs of one reread. */
const REREAD_JOBS_MAX = 500;
/** Sorts behind every uid: a read from here begins after the whole instant. */
const LAST_UID = "\uffff";

interface WindowState {
  readonly heap: DueHeap;
  readonly firing: Set<string>;
  readonly wanted: Set<string>;
  after: UpcomingQuery["after"];
  /** Every active job with an instant up to this has been read. */
  coveredUntil: Instant;
  /** Up to where is being read, or has been: what changes below it is kept, for that read may be too old to see it. */
  askedUntil: Instant;
}

export function createJobWindow(context: RangeContext): JobWindow {
  const state: WindowState = {
    heap: createDueHeap(),
    firing: new Set(),
    wanted: new Set(),
    after: null,
    coveredUntil: Number.NEGATIVE_INFINITY,
    askedUntil: Number.NEGATIVE_INFINITY,
  };
  const { heap, firing, wanted } = state;
  return {
    heap,
    firing,
    async refill() {
      await readWanted(context, state);
      await readAhead(context, state);
    },
    async findOverdue() {
      const { dueJobs, slots, now } = context;
      const page = await dueJobs.upcoming({ slots, until: now(), after: null, limit: OVERDUE_JOBS_MAX });
      for (const job of page) admit(state, job);
    },
    reread: (uid) => void wanted.add(uid),
    hint(uid, nextRunAt) {
      if (!heap.has(uid) && (nextRunAt === null || nextRunAt > state.askedUntil)) return false;
      wanted.add(uid);
      return true;
    },
    advance(job) {
      if (job.nextRunAt !== null && job.nextRunAt <= state.askedUntil) heap.put(job);
    },
    clear() {
      heap.clear();
      firing.clear();
      wanted.clear();
      state.after = null;
      state.coveredUntil = Number.NEGATIVE_INFINITY;
      state.askedUntil = Number.NEGATIVE_INFINITY;
    },
  };
}

function admit({ heap, firing }: WindowState, job: Job): void {
  if (firing.has(job.uid)) return;
  const known = heap.get(job.uid);
  // A read may be older than a fire that has come back since; the later instant of an equal version is the newer.
  if (known !== undefined && known.version === job.version && (known.nextRunAt ?? 0) >= (job.nextRunAt ?? 0)) return;
  heap.put(job);
}

async function readAhead({ dueJobs, slots, config, now }: RangeContext, state: WindowState): Promise<void> {
  const until = now() + config.horizonMs;
  state.askedUntil = until;
  // The clock was set back: what was dropped for lying behind this horizon has to be read when the horizon comes there.
  if (state.coveredUntil > until) {
    state.coveredUntil = until;
    state.after = { nextRunAt: until, uid: LAST_UID };
  }
  // Held jobs take as much memory as those in the heap.
  while (state.coveredUntil < until && state.heap.size + state.firing.size < config.heapJobsMax) {
    const page = await dueJobs.upcoming({ slots, until, after: state.after, limit: config.readJobsMax });
    for (const job of page) admit(state, job);
    const last = page.at(-1);
    const whole = last === undefined || page.length < config.readJobsMax;
    state.after = whole ? { nextRunAt: until, uid: LAST_UID } : { nextRunAt: last.nextRunAt ?? until, uid: last.uid };
    state.coveredUntil = whole ? until : (last.nextRunAt ?? until) - 1;
  }
}

async function readWanted({ dueJobs }: RangeContext, state: WindowState): Promise<void> {
  const { heap, firing, wanted } = state;
  // A job whose fire is on its way is read when that has landed, at the next round.
  const later = [...wanted].filter((uid) => firing.has(uid));
  for (const uid of later) wanted.delete(uid);
  while (wanted.size > 0) {
    const uids = [...wanted].slice(0, REREAD_JOBS_MAX);
    for (const uid of uids) wanted.delete(uid);
    const jobs = await readJobs(dueJobs, uids).catch((fault: unknown) => {
      for (const uid of [...uids, ...later]) wanted.add(uid); // Still wanted.
      throw fault;
    });
    for (const uid of uids) {
      const job = jobs.get(uid);
      if (firing.has(uid)) continue;
      if (job?.nextRunAt != null && job.nextRunAt <= state.askedUntil) heap.put(job);
      else heap.remove(uid);
    }
  }
  for (const uid of later) wanted.add(uid);
}

const readJobs = async (dueJobs: RangeContext["dueJobs"], uids: readonly string[]): Promise<ReadonlyMap<string, Job>> =>
  new Map((await dueJobs.read(uids)).map((job) => [job.uid, job]));
