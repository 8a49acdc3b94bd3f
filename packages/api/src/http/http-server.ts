import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { AppError } from "@tickline/shared/domain/app-error";
import type { Clock, Timer } from "@tickline/shared/ports/clock";
import type { BoundedListener } from "@tickline/shared/runtime/http/bounded-listener";
import { boundConnections } from "@tickline/shared/runtime/http/connection-bounds";
import type { Service } from "@tickline/shared/runtime/service/service";
import type { ApiConfig } from "../api-config.ts";
import { createUnreadableRequests } from "./unreadable-request.ts";

export interface HttpServer extends Service {
  /** Null while it does not listen. */
  readonly url: string | null;
}

type HttpServerSetting =
  | "host"
  | "port"
  | "connectionsMax"
  | "connectionsPerAddressMax"
  | "connectionsLookMs"
  | "headersMsMax"
  | "requestMsMax"
  | "silentMsMax"
  | "keepAliveMs";

export interface HttpServerOptions {
  readonly clock: Clock;
  readonly config: Pick<ApiConfig, HttpServerSetting>;
  readonly bounded: Pick<BoundedListener, "listen" | "isAtWork">;
}

/** Interval at which a stop closes connections that have become idle. */
const IDLE_LOOK_MS = 20;
/** Answers that are still being sent when the server stops have this long. The drain before has waited for all others. */
const LAST_MS_MAX = 500;

/** The socket. It listens, and on stop closes all connections after a short time for answers that are still being sent. A lifecycle calls its steps. */
export function createHttpServer({ clock, config, bounded }: HttpServerOptions): HttpServer {
  const unreadable = createUnreadableRequests();
  let server: Server | null = null;
  let url: string | null = null;

  async function start(): Promise<void> {
    const starting = createServer(
      {
        headersTimeout: config.headersMsMax,
        requestTimeout: config.requestMsMax,
        keepAliveTimeout: config.keepAliveMs,
        connectionsCheckingInterval: config.connectionsLookMs,
      },
      unreadable.listen(bounded.listen),
    );
    starting.on("clientError", unreadable.answer);
    boundConnections(starting, config, bounded.isAtWork);
    starting.timeout = config.silentMsMax;
    server = starting;
    await new Promise<void>((resolve, reject) => {
      starting.once("error", (fault: NodeJS.ErrnoException) => reject(cannotListen(config, fault)));
      starting.listen(config.port, config.host, () => resolve());
    });
    const { port } = starting.address() as AddressInfo;
    url = `http://${config.host.includes(":") ? `[${config.host}]` : config.host}:${port}`;
  }

  async function stop(): Promise<void> {
    const stopping = server;
    if (stopping === null) return;
    server = null;
    url = null;
    const budget = clock.setTimer(LAST_MS_MAX, () => stopping.closeAllConnections());
    const idle = closeIdle(stopping);
    await new Promise<void>((resolve) => stopping.close(() => resolve()));
    idle.cancel();
    budget.cancel();
  }

  /** `close` alone would wait for sockets that clients keep for their next request. Some become idle only during the stop. */
  function closeIdle(stopping: Server): Timer {
    let next: Timer | null = null;
    const again = (): void => {
      stopping.closeIdleConnections();
      next = clock.setTimer(IDLE_LOOK_MS, again);
    };
    again();
    return { cancel: () => next?.cancel() };
  }
  return {
    start,
    stop,
    get url() {
      return url;
    },
  };
}

function cannotListen({ host, port }: Pick<ApiConfig, "host" | "port">, fault: NodeJS.ErrnoException): AppError {
  const why = fault.code === "EADDRINUSE" ? "another process is listening there: end it, or choose another port" : fault.message;
  return new AppError("bad_config", `cannot listen on ${host}, port ${port}: ${why}`, { cause: fault });
}
