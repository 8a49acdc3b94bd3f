import { systemClock } from "@tickline/shared/adapters/system/clock";
import { sha256 } from "@tickline/shared/adapters/system/digest";
import { systemEntropy } from "@tickline/shared/adapters/system/entropy";
import { pickSettings } from "@tickline/shared/runtime/config/config";
import { createLifecycle } from "@tickline/shared/runtime/service/lifecycle";
import { NO_WORK } from "@tickline/shared/runtime/service/process-work";
import { openBus, openStore, SERVER_SETTINGS } from "@tickline/shared/wiring/open-servers";
import { runService } from "@tickline/shared/wiring/run-service";
import { collectDefaultMetrics, Registry } from "prom-client";
import { createApi } from "./api.ts";
import { API_DEFAULTS, API_OPTIONS, API_SETTINGS } from "./api-config.ts";
import { maxCommandAgeMs } from "./commands/envelope-check.ts";

/** Beyond the drain of answers: for the last writes of the projection, and for Kafka to detect that another api, on which a group of consumers waits, has ended. */
const SHUTDOWN_MS_MORE = 20_000;

/** `npm run start:api`: REST in, and the status of jobs kept up. Any number may run. */
runService(
  {
    name: "api",
    table: { ...SERVER_SETTINGS, ...API_SETTINGS },
    async open({ config, log, end }) {
      const metrics = new Registry();
      collectDefaultMetrics({ register: metrics });
      const store = await openStore(config.storeUrl, { metrics, log });
      const bus = await openBus({ settings: config, clientId: "tickline-api", log, metrics, onDead: end });
      const { drainNoticeMs } = config;
      const queues = [...config.queues, ...config.externalQueues];
      const commandAgeMsMax = maxCommandAgeMs(config.topicRetentionMs);
      const api = createApi(
        { ...store, bus, clock: systemClock, entropy: systemEntropy, digest: sha256, log, metrics },
        { ...API_DEFAULTS, ...pickSettings(API_OPTIONS, config), queues, commandAgeMsMax },
      );
      async function finishAfter(noticeMs: number): Promise<void> {
        await api.finish(noticeMs);
        await bus.close();
        await store.close();
      }
      const lifecycle = createLifecycle({
        start: api.start,
        async stop() {
          await finishAfter(api.url === null ? 0 : drainNoticeMs);
          await api.stop(); // Last: until then `/readyz` reports that the service stops.
        },
      });
      return {
        ...lifecycle,
        abandon: () => finishAfter(0),
        work: () => ({ ...NO_WORK, requests: { underWay: api.requests(), noticeMs: drainNoticeMs, answerMs: API_DEFAULTS.drainMsMax } }),
        get url() {
          return api.url;
        },
      };
    },
    greeting: (url) => `The Tickline api listens on ${url}, and describes itself at ${url}/docs, its events at ${url}/docs/events.`,
    shutdownMs: ({ drainNoticeMs }) => drainNoticeMs + API_DEFAULTS.drainMsMax + SHUTDOWN_MS_MORE,
  },
  { argv: process.argv.slice(2), env: process.env },
);
