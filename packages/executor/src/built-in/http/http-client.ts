import {
  Agent as PlainAgent,
  request as plainRequest,
  type AgentOptions,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
} from "node:http";
import { Agent as TlsAgent, request as tlsRequest } from "node:https";
import type { Socket } from "node:net";
import type { Clock } from "@tickline/shared/ports/clock";
import type { EgressGuard } from "../egress/egress-guard.ts";
import { watchConnections, type Connection, type Connections } from "./connections.ts";

export interface HttpClientOptions {
  readonly clock: Pick<Clock, "setTimer">;
  readonly egress: EgressGuard;
  /** Connections to one origin at once; further requests wait. */
  readonly connectionsMax: number;
  /** Longest time to connect, in milliseconds. */
  readonly connectMs: number;
  /** Largest head of an answer, in bytes. */
  readonly headBytesMax: number;
}

export interface ClientRequestOptions {
  readonly method: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Reads the signal that ends the request. Each read checks the deadlines. */
  readonly readSignal: () => AbortSignal;
}

export interface Answer {
  readonly status: number;
  /** By lower-case name; empty where the head could not be read. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** Null: none can be read. */
  readonly body: IncomingMessage | null;
  /** Why this client could not read a part of the answer, so far; null: it could. The target has answered nevertheless. */
  unreadable(): Error | null;
}

export interface HttpClient {
  /** Sends one request. Rejects when no answer came; with the reason of the signal when that ended it. */
  send(url: URL, options: ClientRequestOptions): Promise<Answer>;
  /** Ends all requests and connections. Safe to call twice. */
  close(): void;
}

/** Unused connections are closed after this time, in milliseconds: before most servers close them. */
const IDLE_MS = 4_000;

/**
 * A client that distinguishes a target that did not answer from an answer that it cannot read. It uses Node's own client, which skips `100 Continue`
 * and other informational answers, and shows the bytes of an answer that it refuses.
 */
export function createHttpClient({ clock, egress, connectionsMax, connectMs, headBytesMax }: HttpClientOptions): HttpClient {
  const options: AgentOptions = { keepAlive: true, maxSockets: connectionsMax, timeout: IDLE_MS };
  const plain = watchConnections(new PlainAgent(options), { event: "connect", clock, connectMs, egress });
  const tls = watchConnections(new TlsAgent(options), { event: "secureConnect", clock, connectMs, egress });
  const open = new Map<ClientRequest, (reason: Error) => void>();
  let closed = false;

  async function send(url: URL, { method, headers, body, readSignal }: ClientRequestOptions): Promise<Answer> {
    const signal = readSignal();
    signal.throwIfAborted();
    if (closed) throw new Error("the client is closed");
    const [start, connections] = url.protocol === "https:" ? [tlsRequest, tls] : [plainRequest, plain];
    const { agent } = connections;
    const head = toHead(url, { method, headers, body });
    const request = startRequest(() => start({ ...toTarget(url), agent, method, headers: head, maxHeaderSize: headBytesMax }));
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    // A request that waits for a connection emits nothing when it is destroyed, until it gets one.
    const abandon = (reason: Error): void => {
      request.destroy(reason);
      reject(reason);
    };
    const onAbort = (): void => abandon(signal.reason as Error);
    signal.addEventListener("abort", onAbort);
    open.set(request, abandon);
    request.once("close", () => {
      signal.removeEventListener("abort", onAbort);
      open.delete(request);
    });
    exchange(request, { body, readSignal, connections, resolve, reject });
    return promise;
  }
  return {
    send,
    close() {
      closed = true;
      for (const abandon of open.values()) abandon(new Error("the client was closed"));
      plain.agent.destroy();
      tls.agent.destroy();
    },
  };
}

/** What Node reads from a URL, without the parts that these requests never have. */
const toTarget = ({ hostname, port, pathname, search }: URL): Pick<RequestOptions, "hostname" | "port" | "path"> => ({
  hostname: hostname.startsWith("[") ? hostname.slice(1, -1) : hostname,
  port: port === "" ? undefined : port,
  path: pathname + search,
});

/** Methods whose requests have no `content-length` when they have no body. */
const BODILESS = new Set(["GET", "HEAD", "DELETE", "OPTIONS"]);

/** A name, its value, the next name, and so on: Node sends such a list unchanged. It adds no `content-length` then, and without one a target would read the body as the next request. */
function toHead(url: URL, { method, headers, body }: Pick<ClientRequestOptions, "method" | "headers" | "body">): string[] {
  const head = headers["host"] === undefined ? ["host", url.host] : [];
  for (const name in headers) head.push(name, headers[name] ?? "");
  if (body !== null || !BODILESS.has(method)) head.push("content-length", String(Buffer.byteLength(body ?? "")));
  return head;
}

/** Node refuses to send such a request. Nothing was sent. */
export class RequestRefused extends Error {
  override readonly name = "RequestRefused";
}

function startRequest(start: () => ClientRequest): ClientRequest {
  try {
    return start();
  } catch (fault) {
    throw new RequestRefused(fault instanceof Error ? fault.message : String(fault), { cause: fault });
  }
}

interface Exchange extends Pick<ClientRequestOptions, "body" | "readSignal"> {
  readonly connections: Connections;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (fault: Error) => void;
}

/**
 * Nothing is sent before there is a connection. The signal is read again then, because the process may have been suspended meanwhile. An answer whose
 * status line can be read is an answer, even if the rest cannot be read.
 */
function exchange(request: ClientRequest, { body, readSignal, connections, resolve, reject }: Exchange): void {
  let connection: Connection | null = null;
  let unreadable: Error | null = null;
  request.once("socket", (socket: Socket) => {
    connection = connections.find(socket);
    connection.begin(() => {
      if (readSignal().aborted || request.destroyed) return;
      if (body === null) request.end();
      else request.end(body);
    });
  });
  request.on("error", (fault: Error) => {
    if (!isUnreadable(fault)) return reject(fault);
    unreadable = fault;
    const status = connection?.readStatus() ?? null;
    if (status === null) reject(fault);
    else resolve({ status, headers: {}, body: null, unreadable: () => fault });
  });
  request.once("response", (message) => {
    connection?.dropBytes();
    resolve(toAnswer(message, () => unreadable));
  });
  request.once("upgrade", (message, socket) => {
    socket.destroy();
    resolve({ ...toAnswer(message, () => null), body: null });
  });
}

const toAnswer = (message: IncomingMessage, unreadable: () => Error | null): Answer => ({
  status: message.statusCode ?? 0,
  headers: message.headersDistinct as Readonly<Record<string, readonly string[]>>, // Each name has a value.
  body: message,
  unreadable,
});

/** Faults of Node's HTTP parser: the bytes came, and it refuses them. */
const isUnreadable = (fault: Error): boolean => "code" in fault && typeof fault.code === "string" && fault.code.startsWith("HPE_");
