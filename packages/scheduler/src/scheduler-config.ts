import { AppError } from "@tickline/shared/domain/app-error";
import { SUSPECT_RESCUES_MIN } from "@tickline/shared/domain/due-run";
import { BUILT_IN_QUEUES } from "@tickline/shared/domain/job-definition";
import { LEASE_DEFAULTS, rescueAheadMsOf } from "@tickline/shared/domain/lease-limits";
import { ALL_SLOTS, type Shard } from "@tickline/shared/domain/slot";
import { REQUESTS_KEPT_MS } from "@tickline/shared/domain/time-limits";
import { STORE_CLOCK_DEFAULTS, type StoreClockLimits } from "@tickline/shared/runtime/store-clock";

/** Every limit and interval of the scheduler, with its default and why. Milliseconds unless the name says otherwise. */
export interface SchedulerConfig extends StoreClockLimits {
  /** The shards this process may lead, each under a lock of its own: `divideSlots(n)`, the same in every scheduler. */
  readonly shards: readonly Shard[];
  /** By priority: of the jobs that are due at once those of the first queue fire first, but for one fire in ten. Queues not named come last. */
  readonly queues: readonly string[];
  /** A leader that fails is replaced within this time. */
  readonly lockTtlMs: number;
  /** How often schedulers count each other and even out how many shards each leads. */
  readonly shareMs: number;
  /** Jobs due within this time are kept in memory, so that firing waits for no read. */
  readonly horizonMs: number;
  /**
   * Jobs kept in memory at most, over all shards, about 1.5 KB each; with more due at once the horizon shrinks. While a backlog is read,
   * half is for jobs that are on time.
   */
  readonly heapJobsMax: number;
  /** Jobs read from the store at once. */
  readonly readJobsMax: number;
  /** Jobs fired in one write. */
  readonly fireJobsMax: number;
  /** Writes of fires in flight at once: the next is planned while the last is made durable. */
  readonly firesInFlightMax: number;
  /**
   * How often to look for overdue jobs whose hints the bus lost: a lost hint delays a fire by this much at most. While a hundred or more known
   * jobs are overdue, four looks of five are left out.
   */
  readonly overdueMs: number;
  /** A job that cannot be evaluated, or whose fire is refused, is tried again after this time, then at doubling intervals. */
  readonly setAsideMs: number;
  readonly setAsideMsMax: number;
  /** Jobs remembered as set aside, of each shard; with more, the oldest are tried again as soon as they are read. */
  readonly setAsideJobsMax: number;
  /**
   * A due job waits for a local worker at most this long before it is fired for any executor. Well below what makes an instant a misfire.
   * Only workers that keep becoming free are waited for, so this limit matters only to far too few workers.
   */
  readonly heldMsMax: number;
  /** While due jobs wait for local workers, they are looked at again at least this often. */
  readonly localWaitMs: number;
  /** Published, unclaimed runs of one queue at most, over all shards; the backlog stays in the store. */
  readonly windowRunsMax: number;
  /** Runs published at once. */
  readonly publishRunsMax: number;
  /** Publications are noted in the store this long after, in few writes; by then most runs are claimed, and need no note. */
  readonly noteMs: number;
  /** How often the store is polled for publishable runs when no hint came. */
  readonly publishPollMs: number;
  /** A leader that stops waits this long for answers of the bus; what the bus has not acknowledged is published again by the next leader. */
  readonly publishStopMs: number;
  /** An unclaimed run is published again after this time, then at doubling intervals. */
  readonly repeatMs: number;
  readonly repeatMsMax: number;
  /** How often to look for deferred runs whose handler some executor now has, and the longest rest after a long walk through them. */
  readonly deferredMs: number;
  readonly deferredMsMax: number;
  /** The part of a queue's window that such runs may use at a time: executors without their handler defer them again. */
  readonly deferredShare: number;
  /** Runs rescued at least this often are in quarantine: executors, which have the same limit, run them one at a time. */
  readonly quarantineRescuesMin: number;
  /** The part of a queue's window that runs in quarantine may use at a time: they wait for each other, and must not block the others. */
  readonly quarantineShare: number;
  /** A handler counts as available for this long after an executor has last registered it. Executors do so every minute (`registryMs`). */
  readonly handlerSeenMs: number;
  /** Longest sleep between looks for retries, expiries and repeats. */
  readonly wakePollMs: number;
  /** Runs woken of each kind at once. */
  readonly wakeRunsMax: number;
  /** A run that is due for longer than this is closed, whatever it waits for: an executor, a handler, another run of its job. */
  readonly waitMaxMs: number;
  /** How often to look for such runs. */
  readonly waitSweepMs: number;
  /** How often to look at leases that may have ended. */
  readonly rescueMs: number;
  /** As executors have it. */
  readonly leaseMs: number;
  /** As executors have it. */
  readonly heartbeatMs: number;
  /**
   * Leases are watched from this long before their end. Less than a lease keeps after each renewal (25 s of 30), so that leases of running
   * executors are not even read. A run of an executor that failed starts again about 40 s after the last renewal.
   */
  readonly rescueAheadMs: number;
  /** Leases read, and attempts rescued, in one statement. */
  readonly rescueRunsMax: number;
  /** Leases read in one round; the next round continues behind them. */
  readonly rescueReadMax: number;
  /** Leases watched until they have surely ended, over all shards, about 150 B each; with more, only the shortest. */
  readonly leasesWatchedMax: number;
  /** A run whose executor failed more often than this is `failed`. */
  readonly rescuesMax: number;
  /** How often to look for what a crash left undone: events in the outbox, announcements, unfinished fires. */
  readonly sweepMs: number;
  readonly sweepMax: number;
  /**
   * A fire without its runs counts as unfinished after this time. A scheduler whose fire failed reads its jobs again at once, and a new leader
   * repairs fires of any age first. So this is for an api that was killed, or lost its store, between the two writes.
   */
  readonly repairAfterMs: number;
  /** How often unfinished fires of any age are completed: the clock of the process that fired may be ahead. */
  readonly repairAllMs: number;
  /** Ended runs are kept this long; at least a day. */
  readonly retentionMs: number;
  /** Idempotency keys are kept this long. */
  readonly requestsMs: number;
  /** Tombstones of deleted jobs are kept this long. */
  readonly tombstonesMs: number;
  readonly retainEveryMs: number;
  /** Rows of each kind deleted at once, so that a sweep never delays a fire. */
  readonly retainRowsMax: number;
  /** Nothing is deleted until the store's clock has run for this long without a jump: a clock that is ahead for a while must not delete the history. */
  readonly retainAfterMs: number;
  /** A sweep advances by this much at most, and then waits `retainAfterMs`: a clock that stays ahead costs no more history than that in that time. */
  readonly retainStepMs: number;
  /** Jobs looked at in one batch after the store's clock was set back. */
  readonly setBackJobsMax: number;
}

const DAY_MS = 86_400_000;

export const SCHEDULER_DEFAULTS: SchedulerConfig = {
  shards: [ALL_SLOTS],
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
  heldMsMax: 30_000,
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
  quarantineRescuesMin: SUSPECT_RESCUES_MIN,
  quarantineShare: 0.25,
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
      `rescueAheadMs (${rescueAheadMs}) must be less than leaseMs - heartbeatMs (${renewedMs}), or the leases of running executors are read all the time`,
  ].filter((fault) => fault !== false);
  if (faults.length > 0) throw new AppError("bad_config", `the scheduler's configuration is not usable: ${faults.join("; ")}`);
}
