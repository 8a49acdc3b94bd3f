import type { Agent } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "@tickline/shared/ports/clock";

/** As many bytes are kept of the beginning of an answer: answers of information, and the status line. */
const KEPT_BYTES_MAX = 16_384;

export interface Connections {
  readonly agent: Agent;
  /** The connection that a socket of the agent is. */
  of(socket: Socket): Connection;
}

export interface ConnectOptions {
  /** What a socket emits when bytes can be sent. */
  readonly event: "connect" | "secureConnect";
  readonly clock: Pick<Clock, "setTimer">;
  /** Longest time to connect, in milliseconds. */
  readonly connectMs: number;
}

/** The connections of an agent: bounded in the time they take to come up, known to be up, and heard before Node reads them. */
export function connectionsOf(agent: Agent, { event, clock, connectMs }: ConnectOptions): Connections {
  const connections = new WeakMap<object, Connection>();
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (...given) => {
    const socket = connect(...given);
    if (socket === null || socket === undefined) return socket;
    const connection = new Connection();
    connections.set(socket, connection);
    const timer = clock.setTimer(connectMs, () => socket.destroy(new ConnectTimeout(connectMs)));
    socket.once("close", () => timer.cancel());
    socket.once(event, () => {
      timer.cancel();
      connection.connected();
    });
    socket.on("data", (chunk: Buffer) => connection.heard(chunk)); // Before Node's own, whose fault is to find the bytes here.
    return socket;
  };
  return {
    agent,
    of(socket) {
      const connection = connections.get(socket);
      if (connection === undefined) throw new TypeError("a socket that this agent did not make");
      return connection;
    },
  };
}

/** One connection, which has one request at a time. */
export class Connection {
  #up = false;
  #whenUp: (() => void) | null = null;
  /** The first bytes of the answer that is awaited; null: none is. */
  #heard: Buffer[] | null = null;
  #bytes = 0;

  connected(): void {
    this.#up = true;
    this.#whenUp?.();
    this.#whenUp = null;
  }

  /** Begins a request: what comes from now on is its answer. Calls back as soon as bytes can be sent; never where it cannot be connected. */
  begin(send: () => void): void {
    this.#heard = [];
    this.#bytes = 0;
    if (this.#up) send();
    else this.#whenUp = send;
  }

  heard(chunk: Buffer): void {
    if (this.#heard === null || this.#bytes >= KEPT_BYTES_MAX) return;
    this.#heard.push(chunk);
    this.#bytes += chunk.length;
  }

  /** The beginning of the answer, as far as it has come. */
  get beginning(): string {
    return Buffer.concat(this.#heard ?? []).toString("latin1");
  }

  /** The head of the answer has been read: its bytes are of no more use. */
  forget(): void {
    this.#heard = null;
  }
}

class ConnectTimeout extends Error {
  override readonly name = "ConnectTimeout";
  readonly code = "ETIMEDOUT";
  constructor(connectMs: number) {
    super(`no connection within ${connectMs} ms`);
  }
}
