import { systemClock } from "@tickline/shared/adapters/system/clock";
import { systemEntropy } from "@tickline/shared/adapters/system/entropy";
import { computeRescueAheadMs } from "@tickline/shared/domain/run/lease-limits";
import { pickSettings } from "@tickline/shared/runtime/config/config";
import { createHealthServer, readyBy } from "@tickline/shared/runtime/http/health-server";
import { createLifecycle } from "@tickline/shared/runtime/service/lifecycle";
import { NO_WORK } from "@tickline/shared/runtime/service/process-work";
import { createStoreClock } from "@tickline/shared/runtime/store-clock/store-clock";
import { LOCK_SETTINGS, openBus, openLock, openStore, SERVER_SETTINGS } from "@tickline/shared/wiring/open-servers";
import { runService } from "@tickline/shared/wiring/run-service";
import { collectDefaultMetrics, Registry } from "prom-client";
import { SCHEDULER_DEFAULTS, SCHEDULER_OPTIONS, SCHEDULER_SETTINGS } from "./scheduler-config.ts";
import { createSchedulerMetrics } from "./scheduler-metrics.ts";
import { createScheduler } from "./scheduler.ts";
import { divideSlots } from "./sharding/shards.ts";

/** For the writes in flight, and for releasing the locks, so that other schedulers need not wait for the end of their lives. */
const SHUTDOWN_MS = 20_000;

/** `npm run start:scheduler`: decides when jobs are due. Any number may run. */
runService(
  {
    name: "scheduler",
    table: { ...SERVER_SETTINGS, ...LOCK_SETTINGS, ...SCHEDULER_SETTINGS },
    async open({ config, log, end }) {
      const metrics = new Registry();
      collectDefaultMetrics({ register: metrics });
      const store = await openStore(config.storeUrl, { metrics, log });
      const bus = await openBus({ settings: config, clientId: "tickline-scheduler", log, metrics, onDead: end });
      const lock = await openLock({ url: config.lockUrl, store, log });
      const time = createStoreClock({ clock: systemClock, ping: store.ping, decided: store.decided, log, metrics });
      const scheduler = createScheduler(
        {
          ...store,
          bus,
          lock,
          clock: systemClock,
          entropy: systemEntropy,
          log,
          time,
          metrics: createSchedulerMetrics(metrics),
          localWorkers: null,
        },
        {
          ...SCHEDULER_DEFAULTS,
          shards: divideSlots(config.shards),
          ...pickSettings(SCHEDULER_OPTIONS, config),
          rescueAheadMs: computeRescueAheadMs(config),
          waitMaxMs: config.retentionMs,
        },
      );
      const health = createHealthServer({ host: config.host, port: config.port, clock: systemClock, ready: readyBy(store, time), metrics });
      const lifecycle = createLifecycle({
        async start() {
          for (const part of [time, scheduler, health]) await part.start();
        },
        async stop() {
          health.drain();
          for (const part of [scheduler, time]) await part.stop();
          await lock.close();
          await bus.close();
          await store.close();
          await health.stop();
        },
      });
      return {
        ...lifecycle,
        // A stop releases its locks, so that other schedulers lead its shards sooner.
        abandon: lifecycle.stop,
        work: () => NO_WORK,
        get url() {
          return health.url;
        },
      };
    },
    greeting: (url) => `The Tickline scheduler runs; its health is at ${url}.`,
    shutdownMs: () => SHUTDOWN_MS,
  },
  { argv: process.argv.slice(2), env: process.env },
);
