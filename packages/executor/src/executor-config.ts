import { AppError } from "@tickline/shared/domain/app-error";
import { QUARANTINE_RESCUES_MIN } from "@tickline/shared/domain/run/due-run";
import { leaseFaults } from "@tickline/shared/domain/run/lease-limits";
import { RESERVED_PERCENT_MAX } from "@tickline/shared/domain/queue/worker-shares";
import {
  drainMsSetting,
  externalQueuesSetting,
  handlersDirSetting,
  heartbeatMsSetting,
  hostSetting,
  jobWorkersPercentSetting,
  leaseMarginMsSetting,
  leaseMsSetting,
  logLevelSetting,
  portSetting,
  queuesSetting,
  queueWorkersPercentSetting,
  retentionSetting,
  storeFailoverMsSetting,
  workersMaxSetting,
} from "@tickline/shared/runtime/config/common-settings";
import { readDefaults, type ConfigOf } from "@tickline/shared/runtime/config/config";
import { STORE_CLOCK_DEFAULTS, type StoreClockLimits } from "@tickline/shared/runtime/store-clock/store-clock";
import { BUILT_IN_OPTIONS } from "./built-in/built-in-settings.ts";

/** The settings of the executor in every process that it runs in. */
export const EXECUTOR_OPTIONS = {
  queues: {
    ...queuesSetting,
    description: "Queues to take runs from, separated by commas. The first queue is served first; one claim in ten goes to the others.",
  },
  externalQueues: externalQueuesSetting,
  workersMax: workersMaxSetting,
  queueWorkersPercent: queueWorkersPercentSetting,
  jobWorkersPercent: jobWorkersPercentSetting,
  drainMs: {
    ...drainMsSetting,
    description:
      "Milliseconds that running handlers have to finish at shutdown. Then they are aborted, and another executor runs them again.",
  },
  leaseMs: leaseMsSetting,
  heartbeatMs: heartbeatMsSetting,
  leaseMarginMs: leaseMarginMsSetting,
  storeFailoverMs: storeFailoverMsSetting,
  /** Runs never started and fired longer ago than this are not claimed. */
  retentionMs: retentionSetting,
};

/** Settings of the executor as a separate process, besides its servers. */
export const EXECUTOR_SETTINGS = {
  handlersDir: handlersDirSetting,
  ...BUILT_IN_OPTIONS,
  ...EXECUTOR_OPTIONS,
  host: hostSetting,
  port: { ...portSetting, fallback: "7072", description: "Port of `/livez`, `/readyz` and `/metrics`; 0 takes a free one." },
  logLevel: logLevelSetting,
};

/** Limits and intervals that only code sets, each with the reason. The names have the units. */
const EXECUTOR_LIMITS = {
  /** A run whose job holds that many, and of whose job as many wait already, is published again after this time, then at doubling intervals. */
  jobWaitMs: 1_000,
  jobWaitMsMax: 300_000,
  /** Leases renewed in one write. */
  heartbeatRunsMax: 5_000,
  /**
   * A run that was released this often, at shutdowns or when its lease was lost, is `failed` at the next interruption: a stop is not a failure of the
   * run, but a run that meets a stop each time never ends. A run whose handler was not called is always released.
   */
  releasesMax: 20,
  /** A handler that was asked to end gets this long before it is reported and, if its lease has ended, the process ends. */
  abortGraceMs: 10_000,
  /** The process ends when this many handlers ignore that they were asked to end: each holds a worker forever. */
  stuckHandlersMax: 100,
  /** At shutdown, results get this long to be written; runs whose results are not written run again. */
  flushMs: 5_000,
  /** Runs claimed in one write; never more than workers are free. */
  claimRunsMax: 500,
  /** Claims that are in flight at once: the next runs are claimed while the last are made durable. */
  claimsInFlightMax: 2,
  /** Results settled in one write. */
  settleRunsMax: 1_000,
  settlesInFlightMax: 2,
  /** With more unwritten results than this nothing more is claimed: the store is unavailable or too slow. Attempts that run already may add to them. */
  unsettledRunsMax: 5_000,
  /** Wait before a write is tried again; doubles up to the maximum. */
  retryWriteMs: 100,
  retryWriteMsMax: 5_000,
  /** Events published at once. */
  publishEventsMax: 1_000,
  /** The store records published ends this long after they were published, in few writes. Far less than the sweep waits (`sweepMs` of the scheduler). */
  announcedMs: 100,
  /** With more events than this unpublished, new ones are left to the sweep of the scheduler. */
  unpublishedEventsMax: 20_000,
  /** Handlers are called for at most this long before other work of the process continues. */
  startSliceMs: 5,
  /** Runs rescued this often are claimed alone, one at a time, so that a handler that ends its process interrupts no other runs. */
  quarantineRescuesMin: QUARANTINE_RESCUES_MIN,
  /** Such runs that wait in the quarantine; more are left to be published again. */
  quarantineRunsMax: 1_000,
  /** How often the descriptions of the handlers are published again. Schedulers count handlers that were published lately (`handlerSeenMs`). */
  registryMs: 60_000,
};

export type ExecutorConfig = ConfigOf<typeof EXECUTOR_OPTIONS> &
  Readonly<typeof EXECUTOR_LIMITS> &
  StoreClockLimits & {
    /** The name of this process in leases and history. It must be unique. */
    readonly executorId: string;
  };

export const EXECUTOR_DEFAULTS: Omit<ExecutorConfig, "executorId"> = {
  ...readDefaults(EXECUTOR_OPTIONS),
  ...EXECUTOR_LIMITS,
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
