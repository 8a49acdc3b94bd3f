import { AppError } from "@tickline/shared/domain/app-error";
import { QUARANTINE_RESCUES_MIN } from "@tickline/shared/domain/run/due-run";
import { LEASE_DEFAULTS, computeRescueAheadMs } from "@tickline/shared/domain/run/lease-limits";
import { ALL_SLOTS, type Shard } from "@tickline/shared/domain/slot";
import { REQUESTS_KEPT_MS } from "@tickline/shared/domain/time/time-limits";
import {
  heartbeatMsSetting,
  hostSetting,
  leaseMsSetting,
  logLevelSetting,
  portSetting,
  queuesSetting,
  retentionSetting,
} from "@tickline/shared/runtime/config/common-settings";
import { readDefaults, defineSetting, wholeNumber, type ConfigOf } from "@tickline/shared/runtime/config/config";
import { STORE_CLOCK_DEFAULTS, type StoreClockLimits } from "@tickline/shared/runtime/store-clock/store-clock";

/** The settings of the scheduler in every process that it runs in. */
export const SCHEDULER_OPTIONS = {
  queues: {
    ...queuesSetting,
    description:
      "Queues by priority, separated by commas. Of the jobs that are due together, those of the first queue fire first; one fire in ten begins with another queue.",
  },
  leaseMs: leaseMsSetting,
  heartbeatMs: heartbeatMsSetting,
  retentionMs: retentionSetting,
};

/** More shards than this cost more in locks than they give in evenness. */
const SHARDS_MAX = 64;

/** Settings of the scheduler as a separate process, besides its servers. */
export const SCHEDULER_SETTINGS = {
  shards: defineSetting({
    env: "SCHEDULER_RANGES",
    flag: null,
    placeholder: "COUNT",
    fallback: "8",
    schema: wholeNumber(1, SHARDS_MAX),
    description: "Shards of jobs that the schedulers share; the same number in all schedulers. At most this many schedulers have work.",
  }),
  ...SCHEDULER_OPTIONS,
  host: hostSetting,
  port: { ...portSetting, fallback: "7071", description: "Port of `/livez`, `/readyz` and `/metrics`; 0 takes a free one." },
  logLevel: logLevelSetting,
};

const DAY_MS = 86_400_000;

/** Limits and intervals that only code sets, each with the reason. The names have the units. */
const SCHEDULER_LIMITS = {
  /** A leader that fails is replaced within this time. */
  lockTtlMs: 10_000,
  /** How often schedulers count each other and even out how many shards each leads. */
  shareMs: 1_000,
  /** Jobs due within this time are kept in memory, so that firing waits for no read. */
  horizonMs: 2_000,
  /**
   * Jobs kept in memory at most, over all shards, about 1.5 KB each; with more due at once the horizon shrinks. While a backlog is read,
   * half is for jobs that are on time.
   */
  heapJobsMax: 20_000,
  /** Jobs read from the store at once. */
  readJobsMax: 2_000,
  /** Jobs fired in one write. */
  fireJobsMax: 500,
  /** Writes of fires in flight at once: the next is planned while the last is made durable. */
  firesInFlightMax: 2,
  /**
   * How often to look for overdue jobs whose hints the bus lost: a lost hint delays a fire by this much at most. While a hundred or more known
   * jobs are overdue, four looks of five are left out.
   */
  overdueMs: 1_000,
  /** A job that cannot be evaluated, or whose fire is refused, is tried again after this time, then at doubling intervals. */
  setAsideMs: 1_000,
  setAsideMsMax: 300_000,
  /** Jobs remembered as set aside, of each shard; with more, the oldest are tried again as soon as they are read. */
  setAsideJobsMax: 20_000,
  /**
   * A due job waits for a local worker at most this long before it is fired for any executor. Well below what makes an instant a misfire.
   * Only workers that keep becoming free are waited for, so this limit matters only to far too few workers.
   */
  heldMsMax: 30_000,
  /** While due jobs wait for local workers, they are looked at again at least this often. */
  localWaitMs: 20,
  /** Published, unclaimed runs of one queue at most, over all shards; the backlog stays in the store. */
  windowRunsMax: 2_000,
  /** Runs published at once. */
  publishRunsMax: 500,
  /** Publications are noted in the store this long after, in few writes; by then most runs are claimed, and need no note. */
  noteMs: 100,
  /** How often the store is polled for publishable runs when no hint came. */
  publishPollMs: 1_000,
  /** A leader that stops waits this long for answers of the bus; what the bus has not acknowledged is published again by the next leader. */
  publishStopMs: 1_000,
  /** An unclaimed run is published again after this time, then at doubling intervals. */
  repeatMs: 10_000,
  repeatMsMax: 300_000,
  /** How often to look for deferred runs whose handler some executor now has, and the longest rest after a long walk through them. */
  deferredMs: 5_000,
  deferredMsMax: 60_000,
  /** The part of a queue's window that such runs may use at a time: executors without their handler defer them again. */
  deferredShare: 0.25,
  /** Runs rescued at least this often are in quarantine: executors, which have the same limit, run them one at a time. */
  quarantineRescuesMin: QUARANTINE_RESCUES_MIN,
  /** The part of a queue's window that runs in quarantine may use at a time: they wait for each other, and must not block the others. */
  quarantineShare: 0.25,
  /** A handler counts as available for this long after an executor has last registered it. Executors do so every minute (`registryMs`). */
  handlerSeenMs: 180_000,
  /** Longest sleep between looks for retries, expiries and repeats. */
  wakePollMs: 1_000,
  /** Runs woken of each kind at once. */
  wakeRunsMax: 500,
  /** A run that is due for longer than this is closed, whatever it waits for: an executor, a handler, another run of its job. */
  waitMaxMs: 7 * DAY_MS,
  /** How often to look for such runs. */
  waitSweepMs: 60_000,
  /** How often to look at leases that may have ended. */
  rescueMs: 2_000,
  /**
   * Leases are watched from this long before their end. Less than a lease keeps after each renewal (25 s of 30), so that leases of running
   * executors are not even read. A run of an executor that failed starts again about 40 s after the last renewal.
   */
  rescueAheadMs: computeRescueAheadMs(LEASE_DEFAULTS),
  /** Leases read, and attempts rescued, in one statement. */
  rescueRunsMax: 500,
  /** Leases read in one round; the next round continues behind them. */
  rescueReadMax: 2_000,
  /** Leases watched until they have surely ended, over all shards, about 150 B each; with more, only the shortest. */
  leasesWatchedMax: 50_000,
  /** A run whose executor failed more often than this is `failed`. */
  rescuesMax: 5,
  /** How often to look for what a crash left undone: events in the outbox, announcements, unfinished fires. */
  sweepMs: 2_000,
  sweepMax: 500,
  /**
   * A fire without its runs counts as unfinished after this time. A scheduler whose fire failed reads its jobs again at once, and a new leader
   * repairs fires of any age first. So this is for an api that was killed, or lost its store, between the two writes.
   */
  repairAfterMs: 5_000,
  /** How often unfinished fires of any age are completed: the clock of the process that fired may be ahead. */
  repairAllMs: 30_000,
  /** Idempotency keys are kept this long. */
  requestsMs: REQUESTS_KEPT_MS,
  /** Tombstones of deleted jobs are kept this long. */
  tombstonesMs: 7 * DAY_MS,
  retainEveryMs: 60_000,
  /** Rows of each kind deleted at once, so that a sweep never delays a fire. */
  retainRowsMax: 1_000,
  /** Nothing is deleted until the store's clock has run for this long without a jump: a clock that is ahead for a while must not delete the history. */
  retainAfterMs: 600_000,
  /** A sweep advances by this much at most, and then waits `retainAfterMs`: a clock that stays ahead costs no more history than that in that time. */
  retainStepMs: DAY_MS,
  /** Jobs looked at in one batch after the store's clock was set back. */
  setBackJobsMax: 1_000,
};

export type SchedulerConfig = ConfigOf<typeof SCHEDULER_OPTIONS> &
  Readonly<typeof SCHEDULER_LIMITS> &
  StoreClockLimits & {
    /** The shards this process may lead, each under a lock of its own: `divideSlots(n)`, the same in every scheduler. */
    readonly shards: readonly Shard[];
  };

export const SCHEDULER_DEFAULTS: SchedulerConfig = {
  shards: [ALL_SLOTS],
  ...readDefaults(SCHEDULER_OPTIONS),
  ...SCHEDULER_LIMITS,
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
