import type { TicklineEvent } from "@tickline/shared/events/event";
import { CONTROL_TOPIC } from "@tickline/shared/events/topics";
import { createLastingSubscription } from "@tickline/shared/runtime/service/lasting-subscription";
import { createLifecycle } from "@tickline/shared/runtime/service/lifecycle";
import type { Service } from "@tickline/shared/runtime/service/service";
import { createStoreClock } from "@tickline/shared/runtime/store-clock/store-clock";
import type Koa from "koa";
import { Gauge } from "prom-client";
import type { ApiConfig } from "./api-config.ts";
import type { ApiContext } from "./api-context.ts";
import type { ApiDeps } from "./api-deps.ts";
import { createApp } from "./app.ts";
import { createCommandConsumer } from "./commands/command-consumer.ts";
import { createDrain } from "./http/drain.ts";
import { createKnownHandlers } from "./handlers/known-handlers.ts";
import { createBoundedListener } from "@tickline/shared/runtime/http/bounded-listener";
import { createHostCheck, createOriginCheck } from "./http/known-hosts.ts";
import { createRequestMetrics } from "./http/request-metrics.ts";
import type { Route } from "./http/route.ts";
import { createHttpServer } from "./http/http-server.ts";
import { createNotices } from "./notices.ts";
import { createProjection } from "./projection/projection.ts";
import { createClaimWaits, type ClaimWaits } from "./queues/claim-waits.ts";
import { createRoutes } from "./routes.ts";
import { createEventHub, type EventHub } from "./stream/event-hub.ts";

export interface Api extends Service {
  /** The address on which it listens; null while it does not. */
  readonly url: string | null;
  /** The application without a socket, for callers that have their own. */
  readonly app: Koa;
  /** All routes, in the order of the OpenAPI document. */
  readonly routes: readonly Route[];
  /** The number of requests in progress. */
  requests(): number;
  /** From now on `/readyz` reports that the service stops, and each answer closes its connection. Everything is served until `finish`. */
  drain(): void;
  /**
   * Drains for `noticeMs` more. Then refuses new requests, waits for those in progress, and stops everything except the listener: `/livez`,
   * `/readyz` and `/metrics` are answered until `stop`. `stop` calls `finish(0)` first.
   */
  finish(noticeMs: number): Promise<void>;
}

/** Serves REST requests, writes jobs to the store, and updates the status of jobs from the events of their runs. Any number may run. */
export function createApi(given: ApiDeps, config: ApiConfig): Api {
  const time = given.time ?? createStoreClock(given, config);
  const deps = { ...given, clock: time, time };
  const { clock, log } = deps;
  let finishing: Promise<void> | null = null;
  const context: ApiContext = {
    ...deps,
    config,
    knownHandlers: createKnownHandlers(deps, config),
    notices: createNotices(deps, config),
  };
  const hub = createEventHub({ ...deps, queues: config.queues, limits: config });
  const waits = createClaimWaits({ ...deps, config });
  const { app, routes, bounded, drain } = createServing(context, { hub, waits });
  const server = createHttpServer({ clock, config, bounded });
  const consumers = [createHandlerHints(context), hub, waits, createProjection(deps, config), createCommandConsumer(context)];
  observeStreams(context, hub);

  async function finish(noticeMs: number): Promise<void> {
    await drain.close(noticeMs);
    await Promise.all(consumers.map((consumer) => consumer.stop()));
    if (given.time === undefined) await time.stop();
    await context.notices.idle();
  }
  const lifecycle = createLifecycle({
    async start() {
      finishing = null;
      drain.reset();
      await context.knownHandlers.refresh().catch((fault: unknown) => log.warn({ err: fault }, "handlers could not be read yet"));
      if (given.time === undefined) await time.start();
      await Promise.all(consumers.map((consumer) => consumer.start())); // None waits for the topics of the others.
      await server.start();
    },
    async stop() {
      await (finishing ??= finish(0));
      await server.stop();
    },
  });
  return {
    ...lifecycle,
    app,
    routes,
    drain: drain.begin,
    finish: (noticeMs) => (finishing ??= finish(noticeMs)),
    requests: () => Math.max(0, bounded.underWay - hub.listeners), // A stop does not wait for streams.
    get url() {
      return server.url;
    },
  };
}

/** Everything that answers requests, except the socket. */
function createServing(context: ApiContext, { hub, waits }: { readonly hub: EventHub; readonly waits: ClaimWaits }) {
  const { clock, log, config } = context;
  const drain = createDrain({
    clock,
    drainMsMax: config.drainMsMax,
    underWay: () => bounded.underWay,
    onBegun: waits.close,
    onClosed: () => hub.closeListeners(),
  });
  const routes = createRoutes(context, { hub, waits, draining: drain.begun });
  const app = createApp({
    routes,
    limits: config,
    checkHost: createHostCheck(config),
    isOwnOrigin: createOriginCheck(config),
    clock,
    log,
    metrics: createRequestMetrics(context.metrics),
    draining: drain.begun,
    closing: drain.closed,
  });
  const bounded = createBoundedListener({ clock, limits: config, listener: app.callback() });
  return { app, routes, bounded, drain };
}

/** Reads the registry of handlers again when an executor announces a change. A lost hint costs one look-up later. */
function createHandlerHints(context: ApiContext): Service {
  const { entropy, log, knownHandlers } = context;
  async function onBatch(events: readonly TicklineEvent[]): Promise<void> {
    if (!events.some(({ type }) => type === "HandlersChanged")) return;
    await knownHandlers.refresh().catch((fault: unknown) => log.warn({ err: fault }, "handlers could not be read"));
  }
  return createLastingSubscription({
    ...context,
    request: () => ({ topics: [CONTROL_TOPIC], group: `api-hints-${entropy.newId()}`, from: "end", onBatch }),
  });
}

function observeStreams({ metrics }: ApiContext, hub: EventHub): void {
  new Gauge({
    name: "tickline_event_streams",
    help: "Open event streams.",
    registers: [metrics],
    collect() {
      this.set(hub.listeners);
    },
  });
}
