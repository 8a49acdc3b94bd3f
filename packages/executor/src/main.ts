import { systemClock } from "@tickline/shared/adapters/system/clock";
import { systemEntropy } from "@tickline/shared/adapters/system/entropy";
import { CLOSE_MS_MAX } from "@tickline/shared/domain/time/time-limits";
import { pickSettings } from "@tickline/shared/runtime/config/config";
import { createHealthServer, readyBy } from "@tickline/shared/runtime/http/health-server";
import { createLifecycle } from "@tickline/shared/runtime/service/lifecycle";
import { createStoreClock } from "@tickline/shared/runtime/store-clock/store-clock";
import { openBus, openStore, SERVER_SETTINGS } from "@tickline/shared/wiring/open-servers";
import { runService } from "@tickline/shared/wiring/run-service";
import { collectDefaultMetrics, Registry } from "prom-client";
import { createBuiltInHandlers } from "./built-in/built-in-handlers.ts";
import { EXECUTOR_DEFAULTS, EXECUTOR_OPTIONS, EXECUTOR_SETTINGS, stopMsMax } from "./executor-config.ts";
import { ownExecutorName } from "@tickline/shared/domain/run/executor-name";
import { createExecutor } from "./executor.ts";
import { loadHandlers } from "./handlers/load-handlers.ts";

/** `npm run start:executor`: runs what is due. Any number may run. */
runService(
  {
    name: "executor",
    table: { ...SERVER_SETTINGS, ...EXECUTOR_SETTINGS },
    async open({ config, log, end }) {
      const metrics = new Registry();
      collectDefaultMetrics({ register: metrics });
      const own = config.handlersDir === undefined ? [] : await loadHandlers(config.handlersDir);
      const store = await openStore(config.storeUrl, { metrics, log });
      const bus = await openBus({ settings: config, clientId: "tickline-executor", log, metrics, onDead: end });
      const time = createStoreClock({ clock: systemClock, ping: store.ping, decided: store.decided, log, metrics });
      const builtIn = createBuiltInHandlers({ clock: time, environment: process.env, ownUrl: () => health.url }, config);
      const executor = createExecutor(
        {
          ...store,
          bus,
          clock: systemClock,
          entropy: systemEntropy,
          log,
          time,
          metrics,
          handlersRegistry: store.handlers,
          handlers: [...builtIn.handlers, ...own],
          end,
        },
        {
          ...EXECUTOR_DEFAULTS,
          ...pickSettings(EXECUTOR_OPTIONS, config),
          executorId: ownExecutorName("executor", systemEntropy.newId()),
        },
      );
      const health = createHealthServer({ host: config.host, port: config.port, clock: systemClock, ready: readyBy(store, time), metrics });
      const lifecycle = createLifecycle({
        async start() {
          for (const part of [time, health, executor]) await part.start(); // A port in use ends the start before runs are claimed.
        },
        async stop() {
          health.drain();
          for (const part of [executor, time]) await part.stop();
          await builtIn.close();
          await bus.close();
          await store.close();
          await health.stop();
        },
      });
      return {
        ...lifecycle,
        abandon: executor.abandon,
        work: executor.work,
        get url() {
          return health.url;
        },
      };
    },
    greeting: (url) => `The Tickline executor runs; its health is at ${url}.`,
    drainMs: ({ drainMs }) => drainMs,
    shutdownMs: ({ drainMs }) => stopMsMax({ ...EXECUTOR_DEFAULTS, drainMs }) + CLOSE_MS_MAX,
  },
  { argv: process.argv.slice(2), env: process.env },
);
