import type { Instant } from "@tickline/shared/domain/time/instant";
import type { Job } from "@tickline/shared/domain/job/job";
import { MISSED_AFTER_MS } from "@tickline/shared/domain/policy/misfire";
import type { LastRun } from "@tickline/shared/domain/run/run";
import { isInShard } from "@tickline/shared/domain/slot";
import { supersedes } from "@tickline/shared/domain/job/status-change";
import type { UpcomingQuery } from "@tickline/shared/ports/jobs/due-jobs";
import type { ShardContext } from "../shard-context.ts";
import { createDueHeap, type DueHeap } from "./due-heap.ts";
import { createSetAsideJobs, type SetAsideJobs } from "./set-aside.ts";

/**
 * The jobs of one shard that are due in the next seconds, in a heap in memory. The store holds all jobs; this is the part of them that a fire
 * needs without a read. It is filled by range reads of the store, up to a horizon that moves on with the time. Hints of the bus name jobs that were
 * written, which are read again; a look for overdue jobs finds those whose hints were lost. It is emptied when another scheduler leads.
 *
 * A job that was taken is in hand until it is put back (`advance`), put aside (`setAside`) or asked for (`reread`).
 */
export interface JobWindow {
  readonly heap: Pick<DueHeap, "earliest" | "get" | "has" | "size">;
  /** Takes out up to `limit` jobs that are due now. */
  takeDue(limit: number): Job[];
  /** Reads the jobs that hints and lost fires asked for, then ahead up to the horizon and the backlog, as far as memory allows. */
  refill(): Promise<void>;
  /** Looks for overdue jobs whose hints were lost. */
  findOverdue(): Promise<void>;
  /** Puts a job back after a fire that won. */
  advance(job: Job): void;
  /** Keeps a job out that cannot be fired, until its wait is over or it is edited. */
  setAside(job: Job, reason: string): void;
  /** Asks for a job to be read again at the next `refill`. */
  reread(jobUid: string): void;
  /** A hint that a job's next instant may be this. True if it matters now. */
  hint(jobUid: string, nextRunAt: Instant | null): boolean;
  /** A hint that a run of a job ended: the handler of its next run receives it. */
  runEnded(jobUid: string, lastRun: LastRun): void;
  /** Removes all jobs. */
  clear(): void;
}

/** Overdue jobs looked at in one read. */
const OVERDUE_JOBS_MAX = 500;
/** With so many overdue jobs in memory the shard is behind, and a look for others would mostly find these. */
const BEHIND_JOBS_MIN = 100;
/** Looks left out in a row while the shard is behind: a shard that is behind for long still finds jobs whose hints were lost. */
const LOOKS_LEFT_OUT_MAX = 4;
/** Jobs read again in one statement. */
const REREAD_JOBS_MAX = 500;
/** Sorts behind every uid: a read from here begins after the whole instant. */
const LAST_UID = "\uffff";
const positionBehind = (nextRunAt: Instant): UpcomingQuery["after"] => ({ nextRunAt, uid: LAST_UID });

const UNREAD: Readonly<Reading> = { after: null, coveredUntil: Number.NEGATIVE_INFINITY };

/**
 * How far jobs were read in the order of their instants. There are two readings: one of jobs that are on time, up to the horizon, and one of
 * the backlog. With one reading alone, a backlog larger than memory would delay all jobs that are on time.
 */
interface Reading {
  after: UpcomingQuery["after"];
  /** Every active job between where it began and this instant has been read. */
  coveredUntil: Instant;
}

interface WindowState {
  readonly heap: DueHeap;
  /** Jobs that were taken, held for a worker or in flight: a read that began before must not put them back. */
  readonly inHand: Set<string>;
  /** Jobs to read again. */
  readonly wanted: Set<string>;
  readonly aside: SetAsideJobs;
  /** Last runs that hints named, of jobs in hand, until they are put back. */
  readonly lastRuns: Map<string, LastRun>;
  readonly ahead: Reading;
  readonly backlog: Reading;
  /** Where the backlog ends: later jobs are read ahead. All of it has been read when `backlog` covers it. */
  backlogUntil: Instant;
  /** Looks for overdue jobs that were left out in a row. */
  looksLeftOut: number;
  /** Where the next looks continue: for all overdue jobs, and for those on time. */
  readonly looks: { overdue: UpcomingQuery["after"]; onTime: UpcomingQuery["after"] };
  /** Reads go, or went, up to here. A change below it is kept, because a read under way may be too old to have it. */
  askedUntil: Instant;
}

/** The state at first, and again after `clear`. */
const emptyProgress = (): Pick<WindowState, "ahead" | "backlog" | "backlogUntil" | "looksLeftOut" | "looks" | "askedUntil"> => ({
  ahead: { ...UNREAD },
  backlog: { ...UNREAD },
  backlogUntil: Number.NEGATIVE_INFINITY,
  looksLeftOut: 0,
  looks: { overdue: null, onTime: null },
  askedUntil: Number.NEGATIVE_INFINITY,
});

export function createJobWindow(context: ShardContext): JobWindow {
  const heap = createDueHeap(context.config.queues);
  const inHand = new Set<string>();
  const wanted = new Set<string>();
  const aside = createSetAsideJobs(context);
  const lastRuns = new Map<string, LastRun>();
  const state: WindowState = { heap, inHand, wanted, aside, lastRuns, ...emptyProgress() };
  return {
    heap,
    takeDue(limit) {
      const jobs = heap.takeDue(context.now(), limit);
      for (const { uid } of jobs) inHand.add(uid);
      return jobs;
    },
    async refill() {
      for (const uid of aside.takeDue()) wanted.add(uid);
      await readWanted(context, state);
      await readAhead(context, state);
    },
    findOverdue: () => findOverdue(context, state),
    advance(job) {
      inHand.delete(job.uid);
      aside.release(job.uid);
      if (job.nextRunAt !== null && job.nextRunAt <= state.askedUntil) put(state, job);
      else lastRuns.delete(job.uid);
    },
    setAside(job, reason) {
      inHand.delete(job.uid);
      aside.put(job, reason);
      lastRuns.delete(job.uid);
    },
    reread(uid) {
      inHand.delete(uid);
      wanted.add(uid);
    },
    hint(uid, nextRunAt) {
      if (!heap.has(uid) && !aside.has(uid) && (nextRunAt === null || nextRunAt > state.askedUntil)) return false;
      if (wanted.size >= context.config.heapJobsMax) return false; // No more than fit into memory: the search for overdue jobs finds the others.
      wanted.add(uid);
      return true;
    },
    runEnded(uid, lastRun) {
      const job = heap.get(uid);
      if (job !== undefined) heap.put(withLastRun(job, lastRun));
      else if (inHand.has(uid) && supersedes(lastRun, lastRuns.get(uid) ?? null)) lastRuns.set(uid, lastRun);
    },
    clear() {
      for (const part of [heap, inHand, wanted, aside, lastRuns]) part.clear();
      Object.assign(state, emptyProgress());
    },
  };
}

/** The last run that a hint named may be newer than the one that was read: the api writes the status of jobs, and later. */
function put({ heap, lastRuns }: WindowState, job: Job): void {
  const hinted = lastRuns.get(job.uid) ?? heap.get(job.uid)?.lastRun ?? null;
  lastRuns.delete(job.uid);
  heap.put(hinted === null ? job : withLastRun(job, hinted));
}

/** Events of older runs may arrive late, or twice. An event has more fields than a job keeps. */
function withLastRun(job: Job, hinted: LastRun): Job {
  if (!supersedes(hinted, job.lastRun)) return job;
  const { runId, state, scheduledFor, startedAt, finishedAt, attempt, error } = hinted;
  return { ...job, lastRun: { runId, state, scheduledFor, startedAt, finishedAt, attempt, error } };
}

function admit(state: WindowState, job: Job): void {
  const { heap, inHand, aside } = state;
  if (inHand.has(job.uid) || aside.holds(job)) return;
  const known = heap.get(job.uid);
  // A read may be older than a fire that has completed since; of an equal version the later instant is the newer.
  if (known !== undefined && known.version === job.version && (known.nextRunAt ?? 0) >= (job.nextRunAt ?? 0)) return;
  put(state, job);
}

async function findOverdue({ dueJobs, shard, now }: ShardContext, state: WindowState): Promise<void> {
  if (state.ahead.coveredUntil === UNREAD.coveredUntil) return; // Before the first read no hint can have been missed.
  const until = now();
  if (isBehind(state, until) && state.looksLeftOut < LOOKS_LEFT_OUT_MAX) {
    state.looksLeftOut += 1;
    return;
  }
  state.looksLeftOut = 0;
  const onTimeFrom = until - MISSED_AFTER_MS;
  /** Jobs in hand are read again and again, so the next look continues behind them. */
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
  await look("onTime", positionBehind(onTimeFrom)); // A backlog, which is read anyway, must not hide jobs that have only just become overdue.
}

const isBehind = ({ heap, inHand }: WindowState, now: Instant): boolean =>
  inHand.size + heap.count(({ nextRunAt }) => nextRunAt !== null && nextRunAt <= now) >= BEHIND_JOBS_MIN;

/** True while not all of the backlog has been read. */
const hasBacklog = ({ backlog, backlogUntil }: WindowState): boolean => backlog.coveredUntil < backlogUntil;

async function readAhead(context: ShardContext, state: WindowState): Promise<void> {
  const { ahead, backlog } = state;
  const until = context.now() + context.config.horizonMs;
  const onTimeFrom = context.now() - MISSED_AFTER_MS;
  state.askedUntil = until;
  // The clock was set back: jobs that were dropped for being later than this horizon are read when the horizon reaches them.
  if (ahead.coveredUntil > until) Object.assign(ahead, { after: positionBehind(until), coveredUntil: until });
  state.backlogUntil = Math.min(state.backlogUntil, until);
  // At the beginning, and after a standstill: the jobs in between belong to the backlog.
  if (ahead.coveredUntil < onTimeFrom) {
    if (!hasBacklog(state)) Object.assign(backlog, ahead);
    Object.assign(ahead, { after: positionBehind(onTimeFrom), coveredUntil: onTimeFrom });
    state.backlogUntil = onTimeFrom;
  }
  const isOverdue = (job: Job): boolean => (job.nextRunAt ?? until) <= onTimeFrom;
  const onTime: ReadingOn = { reading: ahead, until, room: () => roomAhead(context, state, isOverdue) };
  await readOn(context, state, onTime);
  await readOn(context, state, { reading: backlog, until: state.backlogUntil, room: () => roomForBacklog(context, state, isOverdue) });
  await readOn(context, state, onTime); // A backlog that was read to its end leaves its half of the memory.
}

/** While a backlog is read, each of the two readings may fill half of the memory; else all is for jobs that are on time. */
function roomAhead(context: ShardContext, state: WindowState, isOverdue: (job: Job) => boolean): number {
  const room = roomInAll(context, state);
  if (room <= 0 || !hasBacklog(state)) return room;
  const onTime = inMemory(state) - state.heap.count(isOverdue);
  return Math.min(room, context.config.heapJobsMax / 2 - onTime);
}
const roomForBacklog = (context: ShardContext, state: WindowState, isOverdue: (job: Job) => boolean): number =>
  Math.min(roomInAll(context, state), context.config.heapJobsMax / 2 - state.heap.count(isOverdue));

const roomInAll = ({ config }: ShardContext, state: WindowState): number => config.heapJobsMax - inMemory(state);
/** Jobs in hand take as much memory as those in the heap. */
const inMemory = ({ heap, inHand }: WindowState): number => heap.size + inHand.size;

interface ReadingOn {
  readonly reading: Reading;
  readonly until: Instant;
  readonly room: () => number;
}

async function readOn({ dueJobs, shard, config }: ShardContext, state: WindowState, { reading, until, room }: ReadingOn): Promise<void> {
  while (reading.coveredUntil < until && room() > 0) {
    const page = await dueJobs.upcoming({ shard, until, after: reading.after, limit: config.readJobsMax });
    for (const job of page) admit(state, job);
    const last = page.at(-1);
    const whole = last === undefined || page.length < config.readJobsMax;
    reading.after = whole ? positionBehind(until) : { nextRunAt: last.nextRunAt ?? until, uid: last.uid };
    reading.coveredUntil = whole ? until : (last.nextRunAt ?? until) - 1;
  }
}

async function readWanted({ dueJobs, shard }: ShardContext, state: WindowState): Promise<void> {
  const { heap, inHand, wanted, aside, lastRuns } = state;
  // A job in hand is read at the next refill after its fire has completed.
  const later = [...wanted].filter((uid) => inHand.has(uid));
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
      if (inHand.has(uid) || (job !== undefined && aside.holds(job))) continue;
      // A hint may name a job of another shard.
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

const readJobs = async (dueJobs: ShardContext["dueJobs"], uids: readonly string[]): Promise<ReadonlyMap<string, Job>> =>
  new Map((await dueJobs.read(uids)).map((job) => [job.uid, job]));
