import { Registry } from "prom-client";
import { createApi } from "@tickline/api/api";
import { API_DEFAULTS, API_OPTIONS, type ApiConfig } from "@tickline/api/api-config";
import { createExecutor } from "@tickline/executor/executor";
import { EXECUTOR_DEFAULTS, EXECUTOR_OPTIONS, type ExecutorConfig } from "@tickline/executor/executor-config";
import type { Handler } from "@tickline/executor/handler";
import { createBuiltInHandlers } from "@tickline/executor/built-in-handlers";
import { BUILT_IN_OPTIONS } from "@tickline/executor/built-in-settings";
import { createScheduler } from "@tickline/scheduler/scheduler";
import { SCHEDULER_DEFAULTS, SCHEDULER_OPTIONS, type SchedulerConfig } from "@tickline/scheduler/scheduler-config";
import { createSchedulerMetrics } from "@tickline/scheduler/scheduler-metrics";
import { createMemoryBus } from "@tickline/shared/adapters/memory/bus";
import { createMemoryLock } from "@tickline/shared/adapters/memory/lock";
import { systemClock } from "@tickline/shared/adapters/system/clock";
import { sha256 } from "@tickline/shared/adapters/system/digest";
import { systemEntropy } from "@tickline/shared/adapters/system/entropy";
import type { AppError } from "@tickline/shared/domain/app-error";
import { ownExecutorName } from "@tickline/shared/domain/run/executor-name";
import type { Store } from "@tickline/shared/ports/store/store";
import { pickSettings, readDefaults, type ConfigOf } from "@tickline/shared/runtime/config/config";
import { createLifecycle } from "@tickline/shared/runtime/service/lifecycle";
import { silentLogger, type Logger } from "@tickline/shared/runtime/log/logger";
import type { AbandonableService, EndProcess } from "@tickline/shared/runtime/service/process-work";
import { createStoreClock } from "@tickline/shared/runtime/store-clock/store-clock";
import { createUnreadableLog } from "@tickline/shared/runtime/log/unreadable-log";
import { openEmbeddedStore } from "./embedded-store.ts";

type MayLack<Settings> = { readonly [Name in keyof Settings]?: Settings[Name] | undefined };
type ServiceOptions = ConfigOf<typeof API_OPTIONS & typeof SCHEDULER_OPTIONS & typeof EXECUTOR_OPTIONS & typeof BUILT_IN_OPTIONS>;

/** Settings of the services that are not given have their defaults. */
export interface StandaloneOptions extends Pick<ServiceOptions, "host" | "port">, MayLack<Omit<ServiceOptions, "host" | "port">> {
  /** Folder of the database. It is created if it does not exist, and belongs to this process until `close`. */
  readonly dataDir: string;
  /** `sqlite:<file>`. Default: `tickline.db` in `dataDir`. */
  readonly storeUrl?: string | undefined;
  /** Starts although acknowledged jobs and runs are missing from the folder. */
  readonly acceptLoss?: boolean;
  /** The environment of the process, of which the programs of jobs inherit a few variables. Default: an empty one. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Handlers besides the built-in ones. */
  readonly handlers?: readonly Handler[];
  readonly log?: Logger;
  /** Ends the process when it cannot continue: the store's thread has ended, or handlers ignore their signal. */
  readonly end?: EndProcess;
  /** Overrides of any other setting of the three services. */
  readonly api?: Partial<ApiConfig>;
  readonly scheduler?: Partial<SchedulerConfig>;
  readonly executor?: Partial<ExecutorConfig>;
}

/** The api, the scheduler and the executor in one process, on embedded adapters. */
export interface Standalone extends AbandonableService {
  /** The address at which the api listens; null while it does not. */
  readonly url: string | null;
  readonly store: Store;
  /** Types of handlers that jobs may name. */
  readonly handlers: readonly string[];
  /** Stops, closes the store and releases the data folder. */
  close(): Promise<void>;
}

/** Opens the store; nothing runs before `start`. Throws `data_folder_locked` when the folder belongs to another process. */
export async function createStandalone(options: StandaloneOptions): Promise<Standalone> {
  const { end, log = silentLogger } = options;
  const metrics = new Registry();
  // All that was acknowledged is on disk; nothing more can be written.
  const onStoreLost = (fault: AppError): void => end?.(fault, { atOnce: true });
  const onUnreadable = createUnreadableLog({ clock: systemClock, log, metrics });
  const onLoss = (missing: string): void => log.warn({ missing }, "what was acknowledged is missing, and that is accepted");
  const onDoubt = (why: string): void => log.warn({ why }, "the data folder could not be compared with what was acknowledged");
  const builtIn = createBuiltInHandlers(
    { clock: systemClock, environment: options.environment ?? {}, ownUrl: () => services.api.url },
    {
      ...readDefaults(BUILT_IN_OPTIONS),
      ...pickSettings(BUILT_IN_OPTIONS, options),
      host: options.host,
      workersMax: options.workersMax ?? EXECUTOR_DEFAULTS.workersMax,
    },
  );
  const store = await openEmbeddedStore({ ...options, onLoss, onDoubt, onStoreLost, onUnreadable });
  const handlers = [...builtIn.handlers, ...(options.handlers ?? [])];
  const services = createServices(options, { store, handlers, log, metrics });
  const lifecycle = createLifecycle({
    // The executor registers its handlers before the api lists them, and receives runs before any is fired.
    async start() {
      await services.time.start();
      await services.executor.start();
      await services.api.start();
      await services.scheduler.start();
    },
    // Nothing is fired while running handlers are drained. The api is not ready meanwhile, stops after them, and projects their ends until then.
    async stop() {
      services.api.drain();
      await services.scheduler.stop();
      await services.executor.stop();
      await services.api.stop();
      await services.time.stop();
    },
  });
  return {
    ...lifecycle,
    abandon: services.executor.abandon,
    work: () => ({
      ...services.executor.work(),
      requests: { underWay: services.api.requests(), noticeMs: 0, answerMs: options.api?.drainMsMax ?? API_DEFAULTS.drainMsMax },
    }),
    store,
    handlers: handlers.map(({ type }) => type),
    get url() {
      return services.api.url;
    },
    async close() {
      await lifecycle.stop();
      await services.bus.close();
      await builtIn.close();
      await store.close();
    },
  };
}

interface Parts {
  readonly store: Store;
  readonly handlers: readonly Handler[];
  readonly log: Logger;
  readonly metrics: Registry;
}

function createServices(options: StandaloneOptions, { store, handlers, log, metrics }: Parts) {
  const clock = systemClock;
  const entropy = systemEntropy;
  const bus = createMemoryBus({ clock, log, trusted: true });
  const time = createStoreClock({ clock, ping: store.ping, decided: store.decided, log, metrics });
  const common = { ...store, bus, clock, entropy, log, time };
  const executor = createExecutor(
    { ...common, handlersRegistry: store.handlers, handlers, metrics, ...(options.end === undefined ? {} : { end: options.end }) },
    {
      ...EXECUTOR_DEFAULTS,
      ...pickSettings(EXECUTOR_OPTIONS, options),
      executorId: ownExecutorName("standalone", entropy.newId()),
      ...options.executor,
    },
  );
  const scheduler = createScheduler(
    { ...common, lock: createMemoryLock({ clock }), metrics: createSchedulerMetrics(metrics), localWorkers: executor.localWorkers },
    {
      ...SCHEDULER_DEFAULTS,
      ...pickSettings(SCHEDULER_OPTIONS, options),
      waitMaxMs: options.retentionMs ?? SCHEDULER_DEFAULTS.waitMaxMs,
      ...options.scheduler,
    },
  );
  const served = { ...API_DEFAULTS, ...pickSettings(API_OPTIONS, options) };
  const api = createApi(
    { ...common, digest: sha256, metrics },
    {
      ...served,
      queues: [...served.queues, ...served.externalQueues],
      ...options.api,
    },
  );
  return { api, scheduler, executor, bus, time };
}
