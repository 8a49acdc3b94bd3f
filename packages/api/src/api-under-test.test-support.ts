import { createMemoryBus, type MemoryBus } from "@tickline/shared/adapters/memory/bus";
import { memoryStoreOver } from "@tickline/shared/testing/memory-store/memory-store";
import type { StoreFaults } from "@tickline/shared/testing/memory-store/faults";
import { createMemoryState, type MemoryState } from "@tickline/shared/testing/memory-store/state";
import { sha256 } from "@tickline/shared/adapters/system/digest";
import { systemEntropy } from "@tickline/shared/adapters/system/entropy";
import type { HandlerDescription } from "@tickline/shared/ports/store/handler-registry";
import type { Store } from "@tickline/shared/ports/store/store";
import { silentLogger, type Logger } from "@tickline/shared/runtime/log/logger";
import { START } from "@tickline/shared/testing/factories";
import { manualClock, type ManualClock } from "@tickline/shared/testing/manual-clock";
import { Registry } from "prom-client";
import { API_DEFAULTS, type ApiConfig } from "./api-config.ts";
import { createApi, type Api } from "./api.ts";

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed where it is JSON, else text. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a test says what it expects of an answer, field by field
  readonly body: any;
}

export interface CallOptions {
  /** Sent as JSON; text is sent as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiUnderTest {
  readonly api: Api;
  readonly url: string;
  readonly store: Store;
  /** What the store holds, for tests that do harm to it. */
  readonly rows: MemoryState;
  readonly bus: MemoryBus;
  readonly clock: ManualClock;
  readonly metrics: Registry;
  /** `call("POST /jobs", { body })` */
  call(request: string, options?: CallOptions): Promise<Reply>;
  stop(): Promise<void>;
}

export interface ApiSetup {
  readonly config?: Partial<ApiConfig>;
  readonly faults?: StoreFaults;
  /** By how much the store's clock is ahead of the api's. */
  readonly storeAheadMs?: () => number;
  /** Wraps the store, for those that fail. */
  readonly wrapStore?: (store: Store) => Store;
  readonly log?: Logger;
}

/** An api on a free port, with a memory store and bus of its own, and a clock that stands still at `START`. */
export async function apiUnderTest({
  config = {},
  faults = {},
  storeAheadMs = () => 0,
  wrapStore = (store) => store,
  log = silentLogger,
}: ApiSetup = {}): Promise<ApiUnderTest> {
  const clock = manualClock(START);
  const rows = createMemoryState({ clock, digest: sha256, onUnreadable: () => {} });
  const made = memoryStoreOver(rows, faults);
  const store = wrapStore({ ...made, ping: async () => ({ now: (await made.ping()).now + storeAheadMs() }) });
  const bus = createMemoryBus({ clock });
  const metrics = new Registry();
  const deps = { ...store, bus, clock, entropy: systemEntropy, digest: sha256, log, metrics };
  const api = createApi(deps, { ...API_DEFAULTS, port: 0, ...config });
  await store.handlers.publish(HANDLERS).catch(() => undefined); // A store that is unavailable from the start has none.
  await api.start();
  const url = api.url ?? "";
  return {
    api,
    url,
    store,
    rows,
    bus,
    clock,
    metrics,
    call: (request, options) => call(url, request, options),
    async stop() {
      // A stop looks again and again for connections that have become idle.
      const ticks = setInterval(() => clock.advance(20), 2);
      await api.stop();
      clearInterval(ticks);
      await bus.close();
    },
  };
}

async function call(url: string, request: string, { body, headers = {} }: CallOptions = {}): Promise<Reply> {
  const [method = "", path = ""] = request.split(" ");
  const response = await fetch(url + path, {
    method,
    headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
    ...(body !== undefined && { body: typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") === true && text !== "";
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

/** What executors have published. */
export const HANDLERS: readonly HandlerDescription[] = [
  {
    type: "http",
    description: "Sends an HTTP request.",
    paramsSchema: {
      type: "object",
      properties: {
        url: { type: "string", format: "uri" },
        method: { type: "string", enum: ["GET", "POST"] },
        headers: { type: "object", additionalProperties: { type: "string" } },
        retries: { type: "integer", minimum: 0, maximum: 3 },
      },
      required: ["url"],
      additionalProperties: false,
    },
    lastSeenAt: START,
  },
  { type: "noop", description: null, paramsSchema: { type: "object" }, lastSeenAt: START },
];

/** The least that makes a job. */
export const minimalJob = { name: "Ping", handler: "noop", schedule: "every 1m" };

/** A job with every field said, none of them as its default. */
export const fullJob = {
  name: "Nightly report",
  description: "For the morning",
  tags: ["reports", "night"],
  handler: "http",
  params: { url: "http://127.0.0.1/report", headers: { "X-A": "1" } },
  schedule: {
    cron: "0 2 * * *",
    timezone: "Europe/Berlin",
    startAt: "2026-01-06T00:00:00.000Z",
    endAt: "2027-01-01T00:00:00.000Z",
    maxRuns: 9,
  },
  queue: "high",
  priority: 9,
  retry: { maxAttempts: 5, backoff: "fixed", delayMs: 500, delayMaxMs: 60_000, jitter: "none", nonRetryable: ["http_status"] },
  timeoutMs: 30_000,
  onUncertain: "skip",
  expireAfterMs: 600_000,
  overlap: "allow",
  workersMax: 5,
  misfire: { policy: "all", maxLatenessMs: 3_600_000, maxCount: 7 },
};
