import type { Server } from "node:http";
import type { Socket } from "node:net";
import { clientAddress } from "./client-address.ts";

export interface ConnectionBounds {
  /** Connections open at once. */
  readonly connectionsMax: number;
  /** Of those, the most of one address: no client takes all. Behind a proxy all clients have the proxy's address. */
  readonly connectionsPerAddressMax: number;
}

/**
 * Bounds the connections of a server, in all and of one address. At the limit, the oldest idle connection is closed for a new one: a
 * connection that waits for a request, or is slow to send it. If all are busy, the new one is closed.
 */
export function boundConnections(
  server: Server,
  { connectionsMax, connectionsPerAddressMax }: ConnectionBounds,
  isAtWork: (socket: Socket) => boolean,
): void {
  const open = new Set<Socket>(); // The oldest first, here and in each of the others.
  const ofAddress = new Map<string, Set<Socket>>();

  function forget(socket: Socket, client: string): void {
    open.delete(socket);
    const own = ofAddress.get(client);
    own?.delete(socket);
    if (own?.size === 0) ofAddress.delete(client);
  }
  server.on("connection", (socket: Socket) => {
    const client = clientAddress(socket.remoteAddress);
    const own = ofAddress.get(client) ?? new Set<Socket>();
    const full = own.size >= connectionsPerAddressMax ? own : open.size >= connectionsMax ? open : null;
    if (full !== null && !makeRoom(full, isAtWork)) return void socket.destroy();
    open.add(socket);
    ofAddress.set(client, own.add(socket));
    socket.once("close", () => forget(socket, client));
  });
}

function makeRoom(sockets: ReadonlySet<Socket>, isAtWork: (socket: Socket) => boolean): boolean {
  for (const socket of sockets) {
    if (socket.destroyed) continue; // It was closed for another, and the close is not complete.
    if (isAtWork(socket)) continue;
    socket.destroy();
    return true;
  }
  return false;
}
