import { createApi, type Api } from "@tickline/api/api";
import { API_DEFAULTS } from "@tickline/api/api-config";
import { createExecutor, type Executor } from "@tickline/executor/executor";
import { EXECUTOR_DEFAULTS } from "@tickline/executor/executor-config";
import { createScheduler, type Scheduler } from "@tickline/scheduler/scheduler";
import { SCHEDULER_DEFAULTS } from "@tickline/scheduler/scheduler-config";
import { createSchedulerMetrics } from "@tickline/scheduler/scheduler-metrics";
import { createMemoryBus } from "@tickline/shared/adapters/memory/bus";
import type { BusFaults } from "@tickline/shared/adapters/memory/bus-faults";
import { createMemoryLock } from "@tickline/shared/adapters/memory/lock";
import { systemClock } from "@tickline/shared/adapters/system/clock";
import { sha256 } from "@tickline/shared/adapters/system/digest";
import { systemEntropy } from "@tickline/shared/adapters/system/entropy";
import type { AppError } from "@tickline/shared/domain/app-error";
import type { Store } from "@tickline/shared/ports/store/store";
import { silentLogger } from "@tickline/shared/runtime/log/logger";
import { Registry } from "prom-client";
import { createApiClient } from "../driver/api-client.ts";
import type { Server } from "../driver/carry-out.ts";
import { countingBus, type BusCounts } from "./counting-bus.ts";
import type { EffectLog } from "./recording-handler.ts";
import { severableClaims, type SeverableClaims } from "./severable-claims.ts";

export interface ClusterOptions {
  readonly store: Store;
  readonly busFaults: BusFaults;
  readonly log: EffectLog;
  readonly apis: number;
}

/** The services as they run on many machines, but on one store, bus and lock in this process: each of the worst kind. */
export interface Cluster extends Server {
  readonly schedulers: readonly Scheduler[];
  readonly executors: readonly Executor[];
  start(): Promise<void>;
  stop(): Promise<void>;
  /** The way from the first executor to the store. */
  readonly firstExecutorsWay: SeverableClaims;
  busCounts(): BusCounts;
  /** Fires that another scheduler, or an edit, was faster than. */
  lostFires(): Promise<number>;
}

export const LEASE_MS = 3_000;
const HEARTBEAT_MS = 500;

/** Everything that waits for a lost hint waits shortly: a test has seconds, not minutes. */
const SCHEDULER_CONFIG = {
  ...SCHEDULER_DEFAULTS,
  lockTtlMs: 2_000,
  horizonMs: 1_000,
  overdueMs: 150,
  publishPollMs: 150,
  repeatMs: 300,
  repeatMsMax: 1_200,
  wakePollMs: 150,
  rescueMs: 300,
  leaseMs: LEASE_MS,
  heartbeatMs: HEARTBEAT_MS,
  rescueAheadMs: LEASE_MS / 2,
  sweepMs: 300,
  repairAfterMs: 300,
};
const EXECUTOR_CONFIG = {
  ...EXECUTOR_DEFAULTS,
  workersMax: 60,
  leaseMs: LEASE_MS,
  heartbeatMs: HEARTBEAT_MS,
  leaseMarginMs: 1_000,
  storeFailoverMs: 0,
  drainMs: 100,
  registryMs: 1_000,
};
const API_CONFIG = { ...API_DEFAULTS, port: 0, foldEveryMs: 400, foldOverlapMs: 5_000 };

const EXECUTORS = ["one", "two", "three"];
const SCHEDULERS = 2;

export function createCluster({ store, busFaults, log, apis: apiCount }: ClusterOptions): Cluster {
  const clock = systemClock;
  const bus = countingBus(createMemoryBus({ clock, faults: busFaults }));
  const common = { ...store, bus, clock, entropy: systemEntropy, log: silentLogger };
  const firstExecutorsWay = severableClaims(store.claims);
  const executors = EXECUTORS.map((executorId, index) =>
    createExecutor(
      {
        ...common,
        ...(index === 0 ? { claims: firstExecutorsWay.claims } : {}),
        handlersRegistry: store.handlers,
        handlers: [log.createHandler(executorId)],
        metrics: new Registry(),
        end: endsTest,
      },
      { ...EXECUTOR_CONFIG, executorId },
    ),
  );
  const metrics = Array.from({ length: SCHEDULERS }, () => createSchedulerMetrics(new Registry()));
  // The lock is granted to every scheduler.
  const lock = createMemoryLock({ clock, answer: "all" });
  const schedulers = metrics.map((own) => createScheduler({ ...common, lock, metrics: own, localWorkers: null }, SCHEDULER_CONFIG));
  const apis = Array.from({ length: apiCount }, () => createApi({ ...common, digest: sha256, metrics: new Registry() }, API_CONFIG));
  const services = [...executors, ...apis, ...schedulers];
  return {
    schedulers,
    executors,
    client: createApiClient(inTurn(apis)),
    whenUp: () => Promise.resolve(),
    async start() {
      for (const service of services) await service.start();
    },
    async stop() {
      for (const service of services.toReversed()) await service.stop();
      await bus.close();
      await store.close();
    },
    firstExecutorsWay,
    busCounts: bus.counts,
    async lostFires() {
      const counters = await Promise.all(metrics.map(({ fires }) => fires.get()));
      return counters.flatMap(({ values }) => values).reduce((sum, { labels, value }) => sum + (labels.outcome === "lost" ? value : 0), 0);
    },
  };
}

/** Each request goes to the next api. */
function inTurn(apis: readonly Api[]): () => string {
  let turn = 0;
  return () => apis[(turn += 1) % apis.length]?.url ?? "";
}

/** An executor ends its process when a handler outlives its lease. None of these tests has such a handler. */
const endsTest = (fault: AppError): never => {
  throw new Error("an executor wanted to end the process", { cause: fault });
};
