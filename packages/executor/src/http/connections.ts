import type { Agent } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "@tickline/shared/ports/clock";

export interface Connections {
  readonly agent: Agent;
  /** Calls back as soon as the socket is connected, at once if it is. A socket that cannot be connected tells its request. */
  whenConnected(socket: Socket, callback: () => void): void;
}

export interface ConnectOptions {
  /** What a socket emits when bytes can be sent. */
  readonly event: "connect" | "secureConnect";
  readonly clock: Pick<Clock, "setTimer">;
  /** Longest time to connect, in milliseconds. */
  readonly connectMs: number;
}

/** The connections of an agent: bounded in the time they take to come up, and known to be up. */
export function connectionsOf(agent: Agent, { event, clock, connectMs }: ConnectOptions): Connections {
  const connected = new WeakSet<object>();
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (...given) => {
    const socket = connect(...given);
    if (socket === null || socket === undefined) return socket;
    const timer = clock.setTimer(connectMs, () => socket.destroy(new ConnectTimeout(connectMs)));
    socket.once("close", () => timer.cancel());
    socket.once(event, () => {
      timer.cancel();
      connected.add(socket);
    });
    return socket;
  };
  return {
    agent,
    whenConnected(socket, callback) {
      if (connected.has(socket)) callback();
      else socket.once(event, callback);
    },
  };
}

class ConnectTimeout extends Error {
  override readonly name = "ConnectTimeout";
  readonly code = "ETIMEDOUT";
  constructor(connectMs: number) {
    super(`no connection within ${connectMs} ms`);
  }
}
