import { AppError } from "@tickline/shared/domain/app-error";
import { SUSPECT_RESCUES_MIN } from "@tickline/shared/domain/due-run";
import { BUILT_IN_QUEUES } from "@tickline/shared/domain/job-definition";
import { LEASE_DEFAULTS, leaseFaults, type LeaseLimits } from "@tickline/shared/domain/lease-limits";
import { RESERVED_PERCENT_MAX, WORKER_SHARE_DEFAULTS } from "@tickline/shared/domain/worker-shares";
import { STORE_CLOCK_DEFAULTS, type StoreClockLimits } from "@tickline/shared/runtime/store-clock";

/** Every limit and interval of the executor. Milliseconds unless the name says otherwise. */
export interface ExecutorConfig extends LeaseLimits, StoreClockLimits {
  /** The name of this process in leases and history. It must be unique. */
  readonly executorId: string;
  /** Queues to take runs from. The first is served first; one claim in ten goes to the others in turn. */
  readonly queues: readonly string[];
  /** Queues that foreign executors serve: their reports are received here, and their runs are not. */
  readonly externalQueues: readonly string[];
  /** Handlers that run at once. They share one thread, so more of them help only while they wait for other processes. */
  readonly workersMax: number;
  /** The share of the workers, in percent, that is reserved for each queue, at least one; half of the workers stay for all queues. 0: none. */
  readonly queueWorkersPercent: number;
  /** The most workers that runs of one job hold, in percent of all, at least one; the `workersMax` of a job replaces it. */
  readonly jobWorkersPercent: number;
  /** A run whose job holds that many, and of whose job as many wait already, is published again after this time, then at doubling intervals. */
  readonly jobWaitMs: number;
  readonly jobWaitMsMax: number;
  /** Leases renewed in one write. */
  readonly heartbeatRunsMax: number;
  /** At shutdown, running handlers get this long before they are asked to end. */
  readonly drainMs: number;
  /**
   * A run that was released this often, at shutdowns or when its lease was lost, is `failed` at the next interruption: a stop is not a failure of the
   * run, but a run that meets a stop each time never ends. A run whose handler was not called is always released.
   */
  readonly releasesMax: number;
  /** A handler that was asked to end gets this long before it is reported and, if its lease has ended, the process ends. */
  readonly abortGraceMs: number;
  /** The process ends when this many handlers ignore that they were asked to end: each holds a worker forever. */
  readonly stuckHandlersMax: number;
  /** At shutdown, results get this long to be written; runs whose results are not written run again. */
  readonly flushMs: number;
  /** Runs claimed in one write; never more than workers are free. */
  readonly claimRunsMax: number;
  /** Claims that are in flight at once: the next runs are claimed while the last are made durable. */
  readonly claimsInFlightMax: number;
  /** Results settled in one write. */
  readonly settleRunsMax: number;
  readonly settlesInFlightMax: number;
  /** With more unwritten results than this nothing more is claimed: the store is unavailable or too slow. Attempts that run already may add to them. */
  readonly unsettledRunsMax: number;
  /** Wait before a write is tried again; doubles up to the maximum. */
  readonly retryWriteMs: number;
  readonly retryWriteMsMax: number;
  /** Events published at once. */
  readonly publishEventsMax: number;
  /** The store is told this long after that ends were published, in few writes. Far less than the sweep waits (`sweepMs` of the scheduler). */
  readonly announcedMs: number;
  /** With more events than this unpublished, new ones are left to the sweep of the scheduler. */
  readonly unpublishedEventsMax: number;
  /** Handlers are called for at most this long before other work of the process continues. */
  readonly startSliceMs: number;
  /** Runs never started and fired longer ago than this are not claimed. */
  readonly retentionMs: number;
  /** Runs rescued this often are claimed alone, one at a time, so that a handler that ends its process interrupts no other runs. */
  readonly suspectRescuesMin: number;
  /** Such runs that wait in the quarantine; more are left to be published again. */
  readonly quarantineRunsMax: number;
  /** How often the descriptions of the handlers are published again. Schedulers count handlers that were published lately (`handlerSeenMs`). */
  readonly registryMs: number;
}

const DAY_MS = 86_400_000;

export const EXECUTOR_DEFAULTS: Omit<ExecutorConfig, "executorId"> = {
  queues: BUILT_IN_QUEUES,
  externalQueues: [],
  workersMax: 200,
  ...WORKER_SHARE_DEFAULTS,
  jobWaitMs: 1_000,
  jobWaitMsMax: 300_000,
  ...LEASE_DEFAULTS,
  heartbeatRunsMax: 5_000,
  drainMs: 10_000,
  releasesMax: 20,
  abortGraceMs: 10_000,
  stuckHandlersMax: 100,
  flushMs: 5_000,
  claimRunsMax: 500,
  claimsInFlightMax: 2,
  settleRunsMax: 1_000,
  settlesInFlightMax: 2,
  unsettledRunsMax: 5_000,
  retryWriteMs: 100,
  retryWriteMsMax: 5_000,
  publishEventsMax: 1_000,
  announcedMs: 100,
  unpublishedEventsMax: 20_000,
  startSliceMs: 5,
  retentionMs: 7 * DAY_MS,
  suspectRescuesMin: SUSPECT_RESCUES_MIN,
  quarantineRunsMax: 1_000,
  registryMs: 60_000,
  ...STORE_CLOCK_DEFAULTS,
};

/** The longest time of a stop: handlers finish, are asked to end, and their results are written and published. */
export const stopMsMax = ({ drainMs, abortGraceMs, flushMs }: Pick<ExecutorConfig, "drainMs" | "abortGraceMs" | "flushMs">): number =>
  drainMs + abortGraceMs + 2 * flushMs;

/** Throws `bad_config` for settings that contradict each other. */
export function checkExecutorConfig(config: ExecutorConfig): void {
  const { workersMax, queues, externalQueues, queueWorkersPercent, jobWorkersPercent } = config;
  const both = externalQueues.filter((queue) => queues.includes(queue));
  const faults = [
    ...leaseFaults(config),
    workersMax < 1 && "workersMax must be at least 1",
    (queueWorkersPercent < 0 || queueWorkersPercent > RESERVED_PERCENT_MAX) &&
      `queueWorkersPercent must be from 0 to ${RESERVED_PERCENT_MAX}`,
    (jobWorkersPercent < 1 || jobWorkersPercent > 100) && "jobWorkersPercent must be from 1 to 100",
    queues.length === 0 && "queues must name at least one",
    new Set(queues).size < queues.length && "queues must name each once",
    both.length > 0 && `${both.join(", ")} cannot be both among the queues and the external queues`,
  ].filter((fault) => fault !== false);
  if (faults.length > 0) throw new AppError("bad_config", `the executor's configuration is not usable: ${faults.join("; ")}`);
}
