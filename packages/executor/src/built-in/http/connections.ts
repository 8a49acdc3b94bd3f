import type { Agent } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "@tickline/shared/ports/clock";
import type { EgressGuard } from "../egress/egress-guard.ts";

/** So many bytes of the beginning of an answer are kept: informational answers, and the status line. */
const KEPT_BYTES_MAX = 16_384;

export interface Connections {
  readonly agent: Agent;
  /** The connection of a socket of the agent. */
  find(socket: Socket): Connection;
}

export interface ConnectOptions {
  /** What a socket emits when bytes can be sent. */
  readonly event: "connect" | "secureConnect";
  readonly clock: Pick<Clock, "setTimer">;
  /** Longest time to connect, in milliseconds. */
  readonly connectMs: number;
  /** Vets each address as it is connected to. A connection that is used again was vetted when it was made. */
  readonly egress: Pick<EgressGuard, "findRefusal" | "lookupFor">;
}

/** Watches the connections of an agent: limits the time to connect, knows when they are open, and reads their bytes before Node does. */
export function watchConnections(agent: Agent, { event, clock, connectMs, egress }: ConnectOptions): Connections {
  const connections = new WeakMap<object, Connection>();
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (target, callback) => {
    const asked = { port: Number(target.port), protocol: "http" } as const;
    const refusal = egress.findRefusal({ ...asked, host: target.host ?? "" });
    if (refusal !== null) {
      callback?.(refusal, null as never); // Node reads the socket only where there is no fault.
      return undefined;
    }
    const socket = connect({ ...target, lookup: egress.lookupFor(asked) }, callback);
    if (socket === null || socket === undefined) return socket;
    const connection = new Connection();
    connections.set(socket, connection);
    const timer = clock.setTimer(connectMs, () => socket.destroy(new ConnectTimeout(connectMs)));
    socket.once("close", () => timer.cancel());
    socket.once(event, () => {
      timer.cancel();
      connection.onOpen();
    });
    socket.on("data", (chunk: Buffer) => connection.onBytes(chunk)); // Before Node's own listener, which may refuse these bytes.
    return socket;
  };
  return {
    agent,
    find(socket) {
      const connection = connections.get(socket);
      if (connection === undefined) throw new TypeError("a socket that this agent did not make");
      return connection;
    },
  };
}

/** One connection. It has one request at a time. */
export class Connection {
  #open = false;
  #whenOpen: (() => void) | null = null;
  /** The first bytes of the answer to the request; null: none are kept. */
  #kept: Buffer[] | null = null;
  #bytes = 0;

  onOpen(): void {
    this.#open = true;
    this.#whenOpen?.();
    this.#whenOpen = null;
  }

  /** Begins a request: bytes that come from now on are its answer. Calls back as soon as bytes can be sent; never if it cannot connect. */
  begin(send: () => void): void {
    this.#kept = [];
    this.#bytes = 0;
    if (this.#open) send();
    else this.#whenOpen = send;
  }

  onBytes(chunk: Buffer): void {
    if (this.#kept === null || this.#bytes >= KEPT_BYTES_MAX) return;
    this.#kept.push(chunk);
    this.#bytes += chunk.length;
  }

  /** The status of the answer by its first bytes; null: it has not come. */
  readStatus(): number | null {
    return readStatus(Buffer.concat(this.#kept ?? []).toString("latin1"));
  }

  /** To be called when the head of the answer has been read: its bytes are not needed any more. */
  dropBytes(): void {
    this.#kept = null;
  }
}

class ConnectTimeout extends Error {
  override readonly name = "ConnectTimeout";
  readonly code = "ETIMEDOUT";
  constructor(connectMs: number) {
    super(`no connection within ${connectMs} ms`);
  }
}

/** The status at the beginning of an answer, whatever follows it; null: there is none. Informational answers (1xx) are skipped. */
export function readStatus(head: string): number | null {
  for (let rest = head; ;) {
    const status = /^HTTP\/1\.[01] ([1-5]\d\d)(?=[ \r\n])/.exec(rest)?.[1];
    if (status === undefined) return null;
    if (!status.startsWith("1") || status === "101") return Number(status);
    const end = /\r?\n\r?\n/.exec(rest);
    if (end === null) return null;
    rest = rest.slice(end.index + end[0].length);
  }
}
