import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A network between a client and a server that a test can stop. */
export interface StallingProxy {
  readonly port: number;
  /** Nothing passes any more, in either direction, and no connection is closed: what a server that hangs looks like. */
  stall(): void;
  /** The connections there are pass nothing any more, and none is closed; new ones do: what a network that was cut for a while leaves. */
  strand(): void;
  /** What was held back passes, in its order. */
  flow(): void;
  /** Ends all connections and refuses new ones, as if the server were gone. */
  cut(): void;
  restore(): void;
  close(): Promise<void>;
}

export async function stallingProxy(target: URL): Promise<StallingProxy> {
  const sockets = new Set<Socket>();
  let stalled = false;
  let cutOff = false;
  const server = createServer((near) => {
    if (cutOff) return void near.destroy();
    const far = connect(Number(target.port || 6_379), target.hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("data", (bytes) => to.write(bytes));
      from.on("error", () => to.destroy());
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
      if (stalled) from.pause();
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // A listening TCP server has an address.
  const destroyAll = (): void => sockets.forEach((socket) => socket.destroy());
  return {
    port,
    stall() {
      stalled = true;
      sockets.forEach((socket) => socket.pause());
    },
    strand: () => sockets.forEach((socket) => socket.pause()),
    flow() {
      stalled = false;
      sockets.forEach((socket) => socket.resume());
    },
    cut() {
      cutOff = true;
      destroyAll();
    },
    restore: () => void (cutOff = false),
    async close() {
      destroyAll();
      server.close();
      await once(server, "close");
    },
  };
}
