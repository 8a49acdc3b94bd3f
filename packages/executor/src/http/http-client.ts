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
import { connectionsOf, type Connection, type Connections } from "./connections.ts";
import { statusOf } from "./status-line.ts";

export interface HttpClientOptions {
  readonly clock: Pick<Clock, "setTimer">;
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
  /** The signal that ends the request, brought up to date by asking for it. */
  readonly look: () => AbortSignal;
}

export interface Answer {
  readonly status: number;
  /** By lower-case name; empty where the head could not be read. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** Null: none can be read. */
  readonly body: IncomingMessage | null;
  /** What this client could not read of the answer, so far; null: nothing. The target has answered all the same. */
  unreadable(): Error | null;
}

export interface HttpClient {
  /** Sends one request. Rejects when no answer came; with the reason of the signal when that ended it. */
  send(url: URL, options: ClientRequestOptions): Promise<Answer>;
  /** Ends all requests and connections. Safe to call twice. */
  close(): void;
}

/** Connections that nobody uses are closed after this time, in milliseconds: before most servers close them. */
const IDLE_MS = 4_000;

/**
 * A client that tells a target that has not answered from an answer that it cannot read. Node's own, because it passes over `100 Continue`
 * and other answers of information, and shows the bytes of an answer that it refuses.
 */
export function createHttpClient({ clock, connectionsMax, connectMs, headBytesMax }: HttpClientOptions): HttpClient {
  const options: AgentOptions = { keepAlive: true, maxSockets: connectionsMax, timeout: IDLE_MS };
  const plain = connectionsOf(new PlainAgent(options), { event: "connect", clock, connectMs });
  const tls = connectionsOf(new TlsAgent(options), { event: "secureConnect", clock, connectMs });
  const open = new Map<ClientRequest, (reason: Error) => void>();
  let closed = false;

  async function send(url: URL, { method, headers, body, look }: ClientRequestOptions): Promise<Answer> {
    const signal = look();
    signal.throwIfAborted();
    if (closed) throw new Error("the client is closed");
    const [start, connections] = url.protocol === "https:" ? [tlsRequest, tls] : [plainRequest, plain];
    const { agent } = connections;
    const head = headOf(url, { method, headers, body });
    const request = refusedAs(() => start({ ...whereTo(url), agent, method, headers: head, maxHeaderSize: headBytesMax }));
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    // A request that waits for a connection tells nobody that it was destroyed until it gets one.
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
    exchange(request, { body, look, connections, resolve, reject });
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

/** As Node takes it from a URL, less what a request of ours has not. */
const whereTo = ({ hostname, port, pathname, search }: URL): Pick<RequestOptions, "hostname" | "port" | "path"> => ({
  hostname: hostname.startsWith("[") ? hostname.slice(1, -1) : hostname,
  port: port === "" ? undefined : port,
  path: pathname + search,
});

/** Methods of which a request without a body says nothing of its length. */
const BODILESS = new Set(["GET", "HEAD", "DELETE", "OPTIONS"]);

/** Names and values in turn, as they are sent: Node takes a list as it is. It adds no length then, and a target would take the body for the next request. */
function headOf(url: URL, { method, headers, body }: Pick<ClientRequestOptions, "method" | "headers" | "body">): string[] {
  const head = headers["host"] === undefined ? ["host", url.host] : [];
  for (const name in headers) head.push(name, headers[name] ?? "");
  if (body !== null || !BODILESS.has(method)) head.push("content-length", String(Buffer.byteLength(body ?? "")));
  return head;
}

/** Node refuses to send such a request. Nothing was sent. */
export class RequestRefused extends Error {
  override readonly name = "RequestRefused";
}

function refusedAs(start: () => ClientRequest): ClientRequest {
  try {
    return start();
  } catch (fault) {
    throw new RequestRefused(fault instanceof Error ? fault.message : String(fault), { cause: fault });
  }
}

interface Exchange extends Pick<ClientRequestOptions, "body" | "look"> {
  readonly connections: Connections;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (fault: Error) => void;
}

/**
 * Nothing is sent before there is a connection, and the signal is looked at once more then: the process may have stood still meanwhile.
 * An answer of which the status line was understood is one, whatever of the rest was not.
 */
function exchange(request: ClientRequest, { body, look, connections, resolve, reject }: Exchange): void {
  let connection: Connection | null = null;
  let unreadable: Error | null = null;
  request.once("socket", (socket: Socket) => {
    connection = connections.of(socket);
    connection.begin(() => {
      if (look().aborted || request.destroyed) return;
      if (body === null) request.end();
      else request.end(body);
    });
  });
  request.on("error", (fault: Error) => {
    if (!isUnreadable(fault)) return reject(fault);
    unreadable = fault;
    const status = statusOf(connection?.beginning ?? "");
    if (status === null) reject(fault);
    else resolve({ status, headers: {}, body: null, unreadable: () => fault });
  });
  request.once("response", (message) => {
    connection?.forget();
    resolve(answerOf(message, () => unreadable));
  });
  request.once("upgrade", (message, socket) => {
    socket.destroy();
    resolve({ ...answerOf(message, () => null), body: null });
  });
}

const answerOf = (message: IncomingMessage, unreadable: () => Error | null): Answer => ({
  status: message.statusCode ?? 0,
  headers: message.headersDistinct as Readonly<Record<string, readonly string[]>>, // A name that is there has a value.
  body: message,
  unreadable,
});

/** Faults of Node's parser of http: the bytes came, and it refuses them. */
const isUnreadable = (fault: Error): boolean => "code" in fault && typeof fault.code === "string" && fault.code.startsWith("HPE_");
