import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { AppError, toAppError } from "../../domain/app-error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Store } from "../../ports/store/store.ts";
import { createBoundedListener } from "./bounded-listener.ts";
import { boundConnections } from "./connection-bounds.ts";
import { createLifecycle } from "../service/lifecycle.ts";
import type { Service } from "../service/service.ts";
import type { StoreClock } from "../store-clock/store-clock.ts";
import { within } from "../within.ts";

export interface HealthServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly clock: Clock;
  /** Rejects, or does not answer in time, while the service cannot do its work. */
  readonly ready: () => Promise<unknown>;
  /** The metrics of the process, as Prometheus reads them. */
  readonly metrics: { readonly contentType: string; metrics(): Promise<string> };
}

export interface HealthServer extends Service {
  /** Null while it does not listen. */
  readonly url: string | null;
  /** From here on `/readyz` says that the process stops; it answers until `stop`. */
  drain(): void;
}

/** A readiness check that has not answered by then counts as not ready. */
const READY_MS_MAX = 2_000;
const REQUEST_MS_MAX = 5_000;
/** How often requests that are too slow are looked for. */
const LOOK_MS = 1_000;
/** As the api has them, for the few who ask here. */
const LIMITS = { connectionsMax: 100, connectionsPerAddressMax: 100, pipelinedMax: 16, answerMsMax: 10_000, unreadBytesMax: 8_388_608 };
/** As the api says it. */
const DRAINING = { code: "shutting_down", message: "the service finishes what it has begun and takes nothing new" } as const;

/** `/livez`, `/readyz` and `/metrics` of a process that serves nothing else. */
export function createHealthServer({ host, port, clock, ready, metrics }: HealthServerOptions): HealthServer {
  let server: Server | null = null;
  let url: string | null = null;
  let draining = false;

  async function answer(path: string, response: ServerResponse): Promise<void> {
    if (path === "/livez") return say(response, 200, { status: "live" });
    if (path === "/metrics") return void response.setHeader("content-type", metrics.contentType).end(await metrics.metrics());
    if (path !== "/readyz") return say(response, 404, { status: "there is /livez, /readyz and /metrics" });
    const reason = draining ? DRAINING : await findFault(ready, clock);
    if (reason === null) return say(response, 200, { status: "ready" });
    return say(response, 503, { status: "not ready", code: reason.code, reason: reason.message });
  }
  const bounded = createBoundedListener({
    clock,
    limits: LIMITS,
    listener: ({ url: target = "/" }, response) =>
      answer(stripQuery(target), response).catch((fault: unknown) => sayFault(response, fault)),
  });
  const lifecycle = createLifecycle({
    async start() {
      draining = false;
      const starting = createServer({ requestTimeout: REQUEST_MS_MAX, connectionsCheckingInterval: LOOK_MS }, bounded.listen);
      boundConnections(starting, LIMITS, bounded.isAtWork);
      server = starting;
      await new Promise<void>((resolve, reject) => {
        starting.once("error", (cause) =>
          reject(new AppError("bad_config", `cannot listen on ${host}, port ${port}: ${cause.message}`, { cause })),
        );
        starting.listen(port, host, () => resolve());
      });
      url = `http://${host.includes(":") ? `[${host}]` : host}:${(starting.address() as AddressInfo).port}`; // A listening TCP server has one.
    },
    async stop() {
      const stopping = server;
      server = null;
      url = null;
      stopping?.closeAllConnections();
      if (stopping?.listening) await new Promise<void>((resolve) => stopping.close(() => resolve()));
    },
  });
  return {
    ...lifecycle,
    drain: () => void (draining = true),
    get url() {
      return url;
    },
  };
}

/** Ready while the store answers and accepts writes, and its clock may be used for decisions. */
export const readyBy =
  ({ ping, refusal }: Pick<Store, "ping" | "refusal">, time: Pick<StoreClock, "decide">) =>
  async (): Promise<void> => {
    await ping();
    const refused = refusal?.() ?? null;
    if (refused !== null) throw new AppError("store_unavailable", `writes are refused: ${refused}`, { retryable: true });
    time.decide();
  };

async function findFault(ready: () => Promise<unknown>, clock: Clock): Promise<AppError | null> {
  const late = (): AppError => new AppError("store_unavailable", `no answer within ${READY_MS_MAX} ms`);
  try {
    await within(ready(), { clock, ms: READY_MS_MAX, late });
    return null;
  } catch (fault) {
    return toAppError(fault, "be ready");
  }
}

/** The path of any request target, also of one that is no part of a URL, such as `//`. */
const stripQuery = (target: string): string => target.split("?", 1)[0] ?? target;

const sayFault = (response: ServerResponse, fault: unknown): void => say(response, 500, { status: toAppError(fault, "answer").message });

const say = (response: ServerResponse, status: number, body: object): void =>
  void response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" }).end(JSON.stringify(body));
