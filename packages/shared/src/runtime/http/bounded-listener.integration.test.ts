import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { expect, jest, test } from "@jest/globals";
import { START } from "../../testing/factories.ts";
import { manualClock } from "../../testing/manual-clock.ts";
import { createBoundedListener, type ConnectionLimits } from "./bounded-listener.ts";

// Every wait is for a signal, over real sockets: on a busy machine some take longer than Jest's five seconds.
jest.setTimeout(60_000);

/** More than the kernel takes for a client that does not read. */
const LARGE = Buffer.alloc(16_777_216, "x");
const LIMITS: ConnectionLimits = { pipelinedMax: 10, answerMsMax: 30_000, unreadBytesMax: 1_000_000_000 };

/** A server that counts what it begins, and lets a test decide when to answer. */
async function setup({ limits = {}, body = Buffer.from("ok") }: { limits?: Partial<ConnectionLimits>; body?: Buffer } = {}) {
  const clock = manualClock(START);
  const begun: string[] = [];
  const answerers: (() => void)[] = [];
  let holds = false;
  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    begun.push(req.url ?? "");
    if (holds) await new Promise<void>((resolve) => void answerers.push(resolve));
    res.end(body);
  }
  const bounded = createBoundedListener({ clock, limits: { ...LIMITS, ...limits }, listener: answer });
  const server = createServer(bounded.listen);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const sockets = new Set<Socket>();
  async function client(): Promise<Socket> {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => undefined);
    sockets.add(socket);
    await new Promise<void>((resolve) => void socket.once("connect", resolve));
    return socket;
  }
  return {
    clock,
    begun,
    bounded,
    client,
    hold: () => void (holds = true),
    answerOne: () => answerers.shift()?.(),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const gets = (count: number): string => Array.from({ length: count }, (_, index) => get(`/${index}`)).join("");
const eventually = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
};
const closed = (socket: Socket): Promise<void> => new Promise((resolve) => void socket.once("close", () => resolve()));

test("pipelined requests are answered in their order, one begun after the other, however many there are", async () => {
  await using at = await setup();
  const socket = await at.client();
  let answers = 0;
  socket.on("data", (bytes) => (answers += bytes.toString().split("HTTP/1.1 200").length - 1));
  socket.write(gets(100));
  await eventually(() => answers === 100);
  expect(at.begun).toEqual(Array.from({ length: 100 }, (_, index) => `/${index}`));
});

test("the next request of a connection waits for the answer before it; those of other connections do not", async () => {
  await using at = await setup();
  at.hold();
  const [first, second] = [await at.client(), await at.client()];
  first.write(gets(5));
  await eventually(() => at.begun.length === 1);
  second.write(get("/other"));
  await eventually(() => at.begun.length === 2);
  expect(at.begun).toEqual(["/0", "/other"]);
  at.answerOne();
  await eventually(() => at.begun.length === 3);
  expect(at.begun.at(-1)).toBe("/1");
});

test("a client that does not read has one answer made for it, and is closed after a time", async () => {
  await using at = await setup({ body: LARGE });
  const socket = await at.client();
  socket.pause();
  socket.write(gets(100));
  await eventually(() => at.clock.timers === 1);
  const reader = await at.client();
  let read = 0;
  reader.on("data", ({ length }) => (read += length));
  reader.write(get("/reader"));
  await eventually(() => read > LARGE.length);
  expect(at.begun).toEqual(["/0", "/reader"]);
  at.clock.advance(29_999);
  expect(socket.destroyed).toBe(false);
  at.clock.advance(1);
  socket.resume();
  await closed(socket);
  expect([at.begun.length, at.clock.timers]).toEqual([2, 0]);
});

test("unread answers are bounded in bytes: the one that waits longest is dropped", async () => {
  await using at = await setup({ body: LARGE, limits: { unreadBytesMax: 2.5 * LARGE.length } });
  const sockets: Socket[] = [];
  for (let index = 0; index < 3; index += 1) {
    const socket = await at.client();
    sockets.push(socket);
    socket.pause();
    socket.write(get(`/${index}`));
    await eventually(() => at.begun.length === index + 1 && at.clock.timers === Math.min(index + 1, 2));
  }
  const [first, ...others] = sockets as [Socket, Socket, Socket];
  first.resume();
  await closed(first);
  expect(others.map(({ destroyed }) => destroyed)).toEqual([false, false]);
});

test("a client that sends requests without end is read no further, and those that one read brings are bounded too", async () => {
  await using at = await setup();
  at.hold();
  const patient = await at.client();
  const head = `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(8_000)}\r\n\r\n`;
  let sent = 0;
  while (patient.writableLength < 1_000_000 && sent < 10_000) {
    patient.write(head);
    sent += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(sent).toBeLessThan(10_000); // What it sends stays with the kernel, and with the client.
  const hasty = await at.client();
  hasty.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(2_000));
  await closed(hasty);
  expect(patient.destroyed).toBe(false);
});

test("what is under way is counted until it is answered whole or its client has gone; probes are not counted", async () => {
  await using at = await setup();
  at.hold();
  const [socket, probe] = [await at.client(), await at.client()];
  socket.write(get("/a"));
  probe.write(get("/readyz"));
  await eventually(() => at.begun.length === 2);
  expect(at.bounded.underWay).toBe(1);
  socket.destroy();
  await eventually(() => at.bounded.underWay === 0);
  at.answerOne();
  at.answerOne();
  const other = await at.client();
  other.write(get("/b"));
  await eventually(() => at.bounded.underWay === 1);
  await eventually(() => at.begun.length === 3);
  at.answerOne();
  await eventually(() => at.bounded.underWay === 0);
});
