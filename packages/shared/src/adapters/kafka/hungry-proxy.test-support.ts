import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/**
 * A TCP proxy before one broker that drops answers to produce requests: the broker has written, and the client receives no answer. It can also
 * hold whole requests, as a broker that hangs.
 */
export interface HungryProxy {
  readonly address: string;
  /** Produce requests that came through, and answers that did not. */
  readonly produced: number;
  readonly eaten: number;
  close(): Promise<void>;
}

const PRODUCE = 0;
const LENGTH_BYTES = 4;

/** `eats` is called for each answer to a produce request, with its number from 1: true drops it; requests that have `heldTopic` in them never reach the broker. */
export async function openHungryProxy(broker: string, eats: (answer: number) => boolean, heldTopic?: string): Promise<HungryProxy> {
  const [host = "", portText] = broker.split(":");
  const port = Number(portText);
  const sockets = new Set<Socket>();
  let produced = 0;
  let eaten = 0;
  const server = createServer((client) => {
    const upstream = connect(port, host);
    const open = new Set<number>();
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true).on("error", () => undefined);
      socket.on("close", () => [client, upstream].forEach((one) => one.destroy()));
    }
    const requests = splitFrames((frame) => {
      const producing = frame.readInt16BE(LENGTH_BYTES) === PRODUCE;
      if (producing && heldTopic !== undefined && frame.includes(heldTopic)) return;
      if (producing) open.add(frame.readInt32BE(LENGTH_BYTES + 4));
      upstream.write(frame);
    });
    const answers = splitFrames((frame) => {
      if (open.delete(frame.readInt32BE(LENGTH_BYTES)) && eats((produced += 1))) eaten += 1;
      else client.write(withPort(frame, { host, port }, (server.address() as AddressInfo).port));
    });
    client.on("data", requests);
    upstream.on("data", answers);
  });
  await new Promise<void>((listening) => server.listen(0, host, listening));
  return {
    address: `${host}:${(server.address() as AddressInfo).port}`,
    get produced() {
      return produced;
    },
    get eaten() {
      return eaten;
    },
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Cuts a stream into Kafka's frames, each with its length before it. */
function splitFrames(onFrame: (frame: Buffer) => void): (bytes: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    while (rest.length >= LENGTH_BYTES && rest.length >= LENGTH_BYTES + rest.readInt32BE(0)) {
      const end = LENGTH_BYTES + rest.readInt32BE(0);
      onFrame(Buffer.from(rest.subarray(0, end)));
      rest = rest.subarray(end);
    }
  };
}

/** Where an answer names the broker, it names the proxy instead: a port is as long as another. */
function withPort(frame: Buffer, { host, port }: { host: string; port: number }, own: number): Buffer {
  const name = Buffer.alloc(2 + host.length + 4);
  name.writeInt16BE(host.length, 0);
  name.write(host, 2);
  name.writeInt32BE(port, 2 + host.length);
  for (let at = frame.indexOf(name); at >= 0; at = frame.indexOf(name, at + 1)) frame.writeInt32BE(own, at + 2 + host.length);
  return frame;
}
