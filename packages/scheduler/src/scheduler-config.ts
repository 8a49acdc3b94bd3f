import { AppError } from "@tickline/shared/domain/app-error";
import { SUSPECT_RESCUES_MIN } from "@tickline/shared/domain/due-run";
import { BUILT_IN_QUEUES } from "@tickline/shared/domain/job-definition";
import { LEASE_DEFAULTS, rescueAheadMsOf } from "@tickline/shared/domain/lease-limits";
import { ALL_SLOTS, type Shard } from "@tickline/shared/domain/slot";
import { REQUESTS_KEPT_MS } from "@tickline/shared/domain/time-limits";
import { STORE_CLOCK_DEFAULTS, type StoreClockLimits } from "@tickline/shared/runtime/store-clock";

/** Every limit and interval of the scheduler, with its default and why. Milliseconds unless the name says otherwise. */
export interface SchedulerConfig extends StoreClockLimits {
  /** The slots this process may lead, each range under a lock of its own: `slotRanges(n)`, the same in every scheduler. */
  readonly ranges: readonly Shard[];
  /** By priority: of the jobs that are due those of the first queue fire first, but for one fire in ten. Queues not named come last. */
  readonly queues: readonly string[];
  /** A leader that dies is replaced within this time. */
  readonly lockTtlMs: number;
  /** How often schedulers count each other and even out who leads how many ranges. */
  readonly shareMs: number;
  /** Jobs due within this time are kept in memory, so that firing waits for no read. */
  readonly horizonMs: number;
  /**
   * Jobs kept in memory at most, over all ranges, about 1.5 KB each; with more due at once the horizon shrinks. While a backlog is read,
   * half is for what is on time.
   */
  readonly heapJobsMax: number;
  /** Jobs read from the store at once. */
  readonly readJobsMax: number;
  /** Jobs fired in one write. */
  readonly fireJobsMax: number;
  /** Fires on their way to the store at once: the next is planned while the last is made durable. */
  readonly firesInFlightMax: number;
  /**
   * How often overdue jobs are looked for whose hints the bus lost: the most a lost hint can delay. While a range is behind with a hundred jobs
   * it knows, four looks of five are left out.
   */
  readonly overdueMs: number;
  /** A job that cannot be evaluated, or whose fire is refused, is tried again after this time, then at doubling intervals. */
  readonly setAsideMs: number;
  readonly setAsideMsMax: number;
  /** Jobs set aside that are kept in mind, of each range; beyond it the oldest are tried again as soon as they are met. */
  readonly setAsideJobsMax: number;
  /** While local workers keep getting free, due jobs wait this long since the last one got free to be claimed in their own fire. */
  readonly localWaitMs: number;
  /** Published runs of one queue that nobody has claimed yet, at most, over all ranges; the backlog stays in the store. */
  readonly windowRunsMax: number;
  /** Runs published at once. */
  readonly publishRunsMax: number;
  /** What was published is noted in the store this long after, in few writes: of what is claimed by then nothing has to be. */
  readonly noteMs: number;
  /** How often publishable runs are looked for when no hint came. */
  readonly publishPollMs: number;
  /** Who stops leading waits this long for answers of the bus; what it has not acknowledged is published again by the next leader. */
  readonly publishStopMs: number;
  /** An unclaimed run is published again after this time, then at doubling intervals. */
  readonly repeatMs: number;
  readonly repeatMsMax: number;
  /** How often runs are looked for that wait for a handler which some executor has, and the longest rest after a long walk through them. */
  readonly deferredMs: number;
  readonly deferredMsMax: number;
  /** The part of a queue's window that such runs may use at a time: executors without their handler defer them again. */
  readonly deferredShare: number;
  /** Runs rescued this often are suspects, as executors see it (`suspectRescuesMin` there), which run them one at a time. */
  readonly suspectRescuesMin: number;
  /** The part of a queue's window that suspects may use at a time: they wait for each other, and must not hide those that wait for nothing. */
  readonly suspectShare: number;
  /** A handler counts as some executor's for so long after it was seen. Executors tell every minute (`registryMs`). */
  readonly handlerSeenMs: number;
  /** Longest sleep between looks for retries, expiries and repeats. */
  readonly wakePollMs: number;
  /** Runs woken of each kind at once. */
  readonly wakeRunsMax: number;
  /** A run that is due for longer than this is closed, whatever it waits for: an executor, a handler, another run of its job. */
  readonly waitMaxMs: number;
  /** How often such runs are looked for. */
  readonly waitSweepMs: number;
  /** How often leases that may have ended are looked at. */
  readonly rescueMs: number;
  /** As executors have it. */
  readonly leaseMs: number;
  /** As executors have it. */
  readonly heartbeatMs: number;
  /**
   * Leases are watched from this long before their end. Less than a lease keeps after each renewal (25 s of 30), so that those of living
   * executors are not even read; a run of a vanished one starts again some 40 s after the last renewal.
   */
  readonly rescueAheadMs: number;
  /** Leases read, and attempts rescued, in one statement. */
  readonly rescueRunsMax: number;
  /** Leases read in one round; the next goes on behind them. */
  readonly rescueReadMax: number;
  /** Leases that may have ended and are remembered until that is certain, over all ranges, about 150 B each; with more, the shortest. */
  readonly leasesWatchedMax: number;
  /** A run whose executor vanished this often is `failed`. */
  readonly rescuesMax: number;
  /** How often what a crash left unsaid is looked for: outbox, announcements, unfinished fires. */
  readonly sweepMs: number;
  readonly sweepMax: number;
  /**
   * Fires without runs are taken for unfinished after this time. A scheduler whose fire failed reads its jobs again at once, and a new leader
   * begins with all fires there are: this is for an api that was killed, or lost its store, between the two.
   */
  readonly repairAfterMs: number;
  /** How often unfinished fires of any age are completed: the clock of who fired may be ahead. */
  readonly repairAllMs: number;
  /** Ended runs are kept this long; at least a day. */
  readonly retentionMs: number;
  /** Idempotency keys are kept this long. */
  readonly requestsMs: number;
  /** Tombstones of deleted jobs are kept this long. */
  readonly tombstonesMs: number;
  readonly retainEveryMs: number;
  /** Rows of each kind deleted at once, so that a sweep never holds up a fire. */
  readonly retainRowsMax: number;
  /** Nothing is forgotten before the store's clock has gone on for so long without a jump: a clock that is ahead for a while must not empty the history. */
  readonly retainAfterMs: number;
  /** Sweeps move on by so much at a time, each time after `retainAfterMs`: of a clock that stays ahead no more history than that is lost in that time. */
  readonly retainStepMs: number;
  /** After the store's clock was set back jobs are looked through so many at a time. */
  readonly setBackJobsMax: number;
}

const DAY_MS = 86_400_000;

export const SCHEDULER_DEFAULTS: SchedulerConfig = {
  ranges: [ALL_SLOTS],
  queues: BUILT_IN_QUEUES,
  lockTtlMs: 10_000,
  shareMs: 1_000,
  horizonMs: 2_000,
  heapJobsMax: 20_000,
  readJobsMax: 2_000,
  fireJobsMax: 500,
  firesInFlightMax: 2,
  overdueMs: 1_000,
  setAsideMs: 1_000,
  setAsideMsMax: 300_000,
  setAsideJobsMax: 20_000,
  localWaitMs: 20,
  windowRunsMax: 2_000,
  publishRunsMax: 500,
  noteMs: 100,
  publishPollMs: 1_000,
  publishStopMs: 1_000,
  repeatMs: 10_000,
  repeatMsMax: 300_000,
  deferredMs: 5_000,
  deferredMsMax: 60_000,
  deferredShare: 0.25,
  suspectRescuesMin: SUSPECT_RESCUES_MIN,
  suspectShare: 0.25,
  handlerSeenMs: 180_000,
  wakePollMs: 1_000,
  wakeRunsMax: 500,
  waitMaxMs: 7 * DAY_MS,
  waitSweepMs: 60_000,
  rescueMs: 2_000,
  leaseMs: LEASE_DEFAULTS.leaseMs,
  heartbeatMs: LEASE_DEFAULTS.heartbeatMs,
  rescueAheadMs: rescueAheadMsOf(LEASE_DEFAULTS),
  rescueRunsMax: 500,
  rescueReadMax: 2_000,
  leasesWatchedMax: 50_000,
  rescuesMax: 5,
  sweepMs: 2_000,
  sweepMax: 500,
  repairAfterMs: 5_000,
  repairAllMs: 30_000,
  retentionMs: 7 * DAY_MS,
  requestsMs: REQUESTS_KEPT_MS,
  tombstonesMs: 7 * DAY_MS,
  retainEveryMs: 60_000,
  retainRowsMax: 1_000,
  retainAfterMs: 600_000,
  retainStepMs: DAY_MS,
  setBackJobsMax: 1_000,
  ...STORE_CLOCK_DEFAULTS,
};

/** Throws `bad_config` for settings that contradict each other. */
export function checkSchedulerConfig({ leaseMs, heartbeatMs, rescueAheadMs }: SchedulerConfig): void {
  const renewedMs = leaseMs - heartbeatMs;
  const faults = [
    heartbeatMs < 1 && "heartbeatMs must be at least 1",
    rescueAheadMs < 0 && "rescueAheadMs must be at least 0",
    rescueAheadMs >= renewedMs &&
      `rescueAheadMs (${rescueAheadMs}) must be less than leaseMs - heartbeatMs (${renewedMs}), or the leases of living executors are read all the time`,
  ].filter((fault) => fault !== false);
  if (faults.length > 0) throw new AppError("bad_config", `the scheduler's configuration is not usable: ${faults.join("; ")}`);
}
