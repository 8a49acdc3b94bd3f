import type { Instant } from "@tickline/shared/domain/instant";
import type { Job } from "@tickline/shared/domain/job";
import { MISSED_AFTER_MS } from "@tickline/shared/domain/misfire";
import type { LastRun } from "@tickline/shared/domain/run";
import { isInShard } from "@tickline/shared/domain/slot";
import { supersedes } from "@tickline/shared/domain/status-change";
import type { UpcomingQuery } from "@tickline/shared/ports/due-jobs";
import { createDueHeap, type DueHeap } from "./due-heap.ts";
import type { RangeContext } from "./scheduler-deps.ts";
import { createSetAsideJobs, type SetAsideJobs } from "./set-aside.ts";

/** The jobs due in the next seconds, kept in memory by reads of the store and refreshed by hints. */
export interface JobWindow {
  readonly heap: DueHeap;
  /** Jobs whose fire is on its way: not to be put back by a read that began before it. */
  readonly firing: Set<string>;
  /** Reads what hints and lost fires asked for, then ahead up to the horizon and the backlog, as far as memory allows. */
  refill(): Promise<void>;
  /** Looks for overdue jobs that no hint brought. */
  findOverdue(): Promise<void>;
  /** Asks for a job to be read again at the next `refill`. */
  reread(jobUid: string): void;
  /** A hint that a job's next instant may be this. True if it matters now. */
  hint(jobUid: string, nextRunAt: Instant | null): boolean;
  /** Puts a job back after a fire that won. */
  advance(job: Job): void;
  /** Keeps a job out that cannot be fired, until its wait is over or it is edited. */
  setAside(job: Job, reason: string): void;
  /** A hint that a run of a job ended: the handler of its next run is told of it. */
  runEnded(jobUid: string, lastRun: LastRun): void;
  /** Forgets everything. */
  clear(): void;
}

/** Overdue jobs looked at in one read. */
const OVERDUE_JOBS_MAX = 500;
/** With so many known to be overdue the range is behind, and a look for others would mostly find these. */
const BEHIND_JOBS_MIN = 100;
/** Looks left out in a row while the range is behind: who is behind for long still finds what no hint brought. */
const LOOKS_LEFT_OUT_MAX = 4;
/** Jobs of one reread. */
const REREAD_JOBS_MAX = 500;
/** Sorts behind every uid: a read from here begins after the whole instant. */
const LAST_UID = "\uffff";
const behind = (nextRunAt: Instant): UpcomingQuery["after"] => ({ nextRunAt, uid: LAST_UID });

const UNREAD: Readonly<Reading> = { after: null, coveredUntil: Number.NEGATIVE_INFINITY };

/**
 * A reading of jobs in the order of their instants. There are two: one of jobs on time, up to the horizon, and one of the
 * backlog behind it. In one reading alone, a backlog larger than memory would hold up all that is on time.
 */
interface Reading {
  after: UpcomingQuery["after"];
  /** Every active job between where it began and this instant has been read. */
  coveredUntil: Instant;
}

interface WindowState {
  readonly heap: DueHeap;
  readonly firing: Set<string>;
  readonly wanted: Set<string>;
  readonly aside: SetAsideJobs;
  /** What was heard of jobs in `firing`, until they are back. */
  readonly lastRuns: Map<string, LastRun>;
  readonly ahead: Reading;
  readonly backlog: Reading;
  /** Where the backlog ends: what is behind it is read ahead. All of it has been read when `backlog` covers it. */
  backlogUntil: Instant;
  /** Looks for overdue jobs that were left out since the last. */
  looksLeftOut: number;
  /** Where the next looks go on: for all overdue jobs, and for those on time. */
  readonly looks: { overdue: UpcomingQuery["after"]; onTime: UpcomingQuery["after"] };
  /** Up to where is being read, or has been: what changes below it is kept, for that read may be too old to see it. */
  askedUntil: Instant;
}

export function createJobWindow(context: RangeContext): JobWindow {
  const state: WindowState = {
    heap: createDueHeap(context.config.queues),
    firing: new Set(),
    wanted: new Set(),
    aside: createSetAsideJobs(context),
    lastRuns: new Map(),
    ahead: { ...UNREAD },
    backlog: { ...UNREAD },
    backlogUntil: Number.NEGATIVE_INFINITY,
    looksLeftOut: 0,
    looks: { overdue: null, onTime: null },
    askedUntil: Number.NEGATIVE_INFINITY,
  };
  const { heap, firing, wanted, aside, lastRuns } = state;
  return {
    heap,
    firing,
    async refill() {
      for (const uid of aside.takeDue()) wanted.add(uid);
      await readWanted(context, state);
      await readAhead(context, state);
    },
    findOverdue: () => findOverdue(context, state),
    reread: (uid) => void wanted.add(uid),
    hint(uid, nextRunAt) {
      if (!heap.has(uid) && !aside.has(uid) && (nextRunAt === null || nextRunAt > state.askedUntil)) return false;
      if (wanted.size >= context.config.heapJobsMax) return false; // No more than fit into memory: a look finds what is overdue.
      wanted.add(uid);
      return true;
    },
    advance(job) {
      aside.release(job.uid);
      if (job.nextRunAt !== null && job.nextRunAt <= state.askedUntil) put(state, job);
      else lastRuns.delete(job.uid);
    },
    setAside(job, reason) {
      aside.put(job, reason);
      lastRuns.delete(job.uid);
    },
    runEnded(uid, lastRun) {
      const job = heap.get(uid);
      if (job !== undefined) heap.put(withLastRun(job, lastRun));
      else if (firing.has(uid) && supersedes(lastRun, lastRuns.get(uid) ?? null)) lastRuns.set(uid, lastRun);
    },
    clear() {
      heap.clear();
      firing.clear();
      wanted.clear();
      aside.clear();
      lastRuns.clear();
      Object.assign(state.ahead, UNREAD);
      Object.assign(state.backlog, UNREAD);
      state.backlogUntil = Number.NEGATIVE_INFINITY;
      state.looksLeftOut = 0;
      Object.assign(state.looks, { overdue: null, onTime: null });
      state.askedUntil = Number.NEGATIVE_INFINITY;
    },
  };
}

/** What was heard of its last run may be newer than what was read: the status of jobs is written by others, and later. */
function put({ heap, lastRuns }: WindowState, job: Job): void {
  const heard = lastRuns.get(job.uid) ?? heap.get(job.uid)?.lastRun ?? null;
  lastRuns.delete(job.uid);
  heap.put(heard === null ? job : withLastRun(job, heard));
}

/** Events of older runs may come late, or twice. What is heard may be more than is kept. */
function withLastRun(job: Job, heard: LastRun): Job {
  if (!supersedes(heard, job.lastRun)) return job;
  const { runId, state, scheduledFor, startedAt, finishedAt, attempt, error } = heard;
  return { ...job, lastRun: { runId, state, scheduledFor, startedAt, finishedAt, attempt, error } };
}

function admit(state: WindowState, job: Job): void {
  const { heap, firing, aside } = state;
  if (firing.has(job.uid) || aside.holds(job)) return;
  const known = heap.get(job.uid);
  // A read may be older than a fire that has come back since; the later instant of an equal version is the newer.
  if (known !== undefined && known.version === job.version && (known.nextRunAt ?? 0) >= (job.nextRunAt ?? 0)) return;
  put(state, job);
}

async function findOverdue({ dueJobs, shard, now }: RangeContext, state: WindowState): Promise<void> {
  if (state.ahead.coveredUntil === UNREAD.coveredUntil) return; // No hint can be missed of what has not been read yet.
  const until = now();
  if (isBehind(state, until) && state.looksLeftOut < LOOKS_LEFT_OUT_MAX) {
    state.looksLeftOut += 1;
    return;
  }
  state.looksLeftOut = 0;
  const onTimeFrom = until - MISSED_AFTER_MS;
  /** Jobs in hand are met again and again: those behind them are for the next look, which goes on there. */
  const look = async (which: keyof WindowState["looks"], from: UpcomingQuery["after"]): Promise<readonly Job[]> => {
    const page = await dueJobs.upcoming({ shard, until, after: state.looks[which] ?? from, limit: OVERDUE_JOBS_MAX });
    for (const job of page) admit(state, job);
    const last = page.at(-1);
    state.looks[which] =
      last === undefined || page.length < OVERDUE_JOBS_MAX ? null : { nextRunAt: last.nextRunAt ?? until, uid: last.uid };
    return page;
  };
  if (!hasBacklog(state)) {
    const page = await look("overdue", null);
    if (page.length < OVERDUE_JOBS_MAX || (page.at(-1)?.nextRunAt ?? until) >= onTimeFrom) return;
  }
  await look("onTime", behind(onTimeFrom)); // A backlog, being read anyway, must not hide those that have only just been overlooked.
}

const isBehind = ({ heap, firing }: WindowState, now: Instant): boolean =>
  firing.size + heap.count(({ nextRunAt }) => nextRunAt !== null && nextRunAt <= now) >= BEHIND_JOBS_MIN;

/** True while not all of the backlog has been read. */
const hasBacklog = ({ backlog, backlogUntil }: WindowState): boolean => backlog.coveredUntil < backlogUntil;

async function readAhead(context: RangeContext, state: WindowState): Promise<void> {
  const { ahead, backlog } = state;
  const until = context.now() + context.config.horizonMs;
  const onTimeFrom = context.now() - MISSED_AFTER_MS;
  state.askedUntil = until;
  // The clock was set back: what was dropped for lying behind this horizon has to be read when the horizon comes there.
  if (ahead.coveredUntil > until) Object.assign(ahead, { after: behind(until), coveredUntil: until });
  state.backlogUntil = Math.min(state.backlogUntil, until);
  // At the beginning, and after a standstill: what lies between is for the reading of the backlog.
  if (ahead.coveredUntil < onTimeFrom) {
    if (!hasBacklog(state)) Object.assign(backlog, ahead);
    Object.assign(ahead, { after: behind(onTimeFrom), coveredUntil: onTimeFrom });
    state.backlogUntil = onTimeFrom;
  }
  const isOverdue = (job: Job): boolean => (job.nextRunAt ?? until) <= onTimeFrom;
  const onTime: ReadingOn = { reading: ahead, until, room: () => roomAhead(context, state, isOverdue) };
  await readOn(context, state, onTime);
  await readOn(context, state, { reading: backlog, until: state.backlogUntil, room: () => roomForBacklog(context, state, isOverdue) });
  await readOn(context, state, onTime); // A backlog that has come to its end leaves its half.
}

/** While a backlog is being read, each of the two readings may fill half of the memory; else all is for what is on time. */
function roomAhead(context: RangeContext, state: WindowState, isOverdue: (job: Job) => boolean): number {
  const room = roomInAll(context, state);
  if (room <= 0 || !hasBacklog(state)) return room;
  const onTime = inMemory(state) - state.heap.count(isOverdue);
  return Math.min(room, context.config.heapJobsMax / 2 - onTime);
}
const roomForBacklog = (context: RangeContext, state: WindowState, isOverdue: (job: Job) => boolean): number =>
  Math.min(roomInAll(context, state), context.config.heapJobsMax / 2 - state.heap.count(isOverdue));

const roomInAll = ({ config }: RangeContext, state: WindowState): number => config.heapJobsMax - inMemory(state);
/** Held jobs take as much memory as those in the heap. */
const inMemory = ({ heap, firing }: WindowState): number => heap.size + firing.size;

interface ReadingOn {
  readonly reading: Reading;
  readonly until: Instant;
  readonly room: () => number;
}

async function readOn({ dueJobs, shard, config }: RangeContext, state: WindowState, { reading, until, room }: ReadingOn): Promise<void> {
  while (reading.coveredUntil < until && room() > 0) {
    const page = await dueJobs.upcoming({ shard, until, after: reading.after, limit: config.readJobsMax });
    for (const job of page) admit(state, job);
    const last = page.at(-1);
    const whole = last === undefined || page.length < config.readJobsMax;
    reading.after = whole ? behind(until) : { nextRunAt: last.nextRunAt ?? until, uid: last.uid };
    reading.coveredUntil = whole ? until : (last.nextRunAt ?? until) - 1;
  }
}

async function readWanted({ dueJobs, shard }: RangeContext, state: WindowState): Promise<void> {
  const { heap, firing, wanted, aside, lastRuns } = state;
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
      if (firing.has(uid) || (job !== undefined && aside.holds(job))) continue;
      // A hint may name a job of another range.
      if (job?.nextRunAt != null && job.nextRunAt <= state.askedUntil && isInShard(job.slot, shard)) put(state, job);
      else {
        heap.remove(uid);
        aside.release(uid);
        lastRuns.delete(uid);
      }
    }
  }
  for (const uid of later) wanted.add(uid);
}

const readJobs = async (dueJobs: RangeContext["dueJobs"], uids: readonly string[]): Promise<ReadonlyMap<string, Job>> =>
  new Map((await dueJobs.read(uids)).map((job) => [job.uid, job]));
