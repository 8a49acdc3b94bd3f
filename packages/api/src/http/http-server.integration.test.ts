import { connect, type Socket } from "node:net";
import { expect, jest, test } from "@jest/globals";
import { apiUnderTest, type ApiSetup } from "../api-under-test.test-support.ts";

// Every wait is for a signal, over real sockets: on a busy machine some take longer than Jest's five seconds.
jest.setTimeout(60_000);

async function setup(options: ApiSetup = {}) {
  const under = await apiUnderTest(options);
  return { ...under, [Symbol.asyncDispose]: under.stop };
}

/** Opens a connection, and says what is given. */
async function open({ url }: { readonly url: string }, text = ""): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined);
  await new Promise<void>((resolve) => void socket.once("connect", resolve));
  if (text !== "") socket.write(text);
  return socket;
}
const ended = (socket: Socket): Promise<unknown> => new Promise((resolve) => void socket.once("close", resolve));

test("for a connection more than there may be the oldest on which nothing is at work makes room", async () => {
  await using at = await setup({ config: { connectionsMax: 3 } });
  const silent = await open(at);
  const slowHead = await open(at, "GET /livez HTTP/1.1\r\nHost: a\r\n");
  const slowBody = await open(at, "POST /jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{");
  for (const socket of [silent, slowHead, slowBody]) {
    const closed = ended(socket);
    const next = await open(at, "GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    await new Promise((resolve) => void next.once("data", resolve));
    await closed;
  }
});

test.each([{ connectionsMax: 2 }, { connectionsPerAddressMax: 2 }])(
  "where all connections that there may be (%p) are at work, one more is closed, and taken again when one has gone",
  async (config) => {
    const list = Promise.withResolvers<never>();
    let asked = 0;
    const heldList = (): Promise<never> => {
      asked += 1;
      return list.promise;
    };
    await using at = await setup({
      config,
      wrapStore: (store) => ({ ...store, jobs: { ...store.jobs, list: heldList } }),
    });
    const busy = [await open(at, JOBS), await open(at, JOBS)];
    while (asked < 2) await new Promise((resolve) => setImmediate(resolve));
    const refused = await open(at, "GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    await ended(refused);
    busy[0]?.destroy();
    let status = 0;
    while (status !== 200)
      status = await at.call("GET /livez").then(
        (reply) => reply.status,
        () => 0,
      );
    list.reject(new Error("enough"));
  },
);
const JOBS = "GET /jobs HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

test("2,000 sockets that send nothing do not block /livez", async () => {
  await using at = await setup();
  const sockets: Socket[] = [];
  for (let count = 0; count < 2_000; count += 50) {
    sockets.push(...(await Promise.all(Array.from({ length: 50 }, () => open(at)))));
    expect((await at.call("GET /livez")).status).toBe(200);
  }
  for (const socket of sockets) socket.destroy();
});

/** All that a connection says after these bytes, until it ends. */
async function answerTo(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname, () => void socket.write(bytes));
  let answer = "";
  socket.on("data", (text) => (answer += text.toString()));
  await new Promise((resolve) => void socket.once("close", resolve));
  return answer;
}
const problemIn = (answer: string): unknown => JSON.parse(answer.split("\r\n\r\n").at(-1) ?? "");

test.each([
  ["a head that is too long", `GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, 431, "headers_too_large"],
  ["what is no HTTP", "hello\r\n\r\n", 400, "malformed_request"],
  ["a header with a control character", "GET /livez HTTP/1.1\r\nHost: localhost\r\nX: \u0001\r\n\r\n", 400, "malformed_request"],
])("%s is answered as a problem", async (_, bytes, status, code) => {
  await using at = await setup();
  const answer = await answerTo(at.url, bytes);
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} .*\r\n`));
  expect(answer).toContain("\r\nContent-Type: application/problem+json; charset=utf-8\r\n");
  expect(problemIn(answer)).toMatchObject({ status, code, errors: [] });
});

test("what is no HTTP behind a request is answered after it, or not at all", async () => {
  await using at = await setup();
  const answer = await answerTo(at.url, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\nhello\r\n\r\n");
  expect(answer).not.toMatch(/^HTTP\/1\.1 200[^]*malformed_request[^]*"live"/);
});

test("a head that does not come is ended within a second of its time", async () => {
  await using at = await setup({ config: { headersMsMax: 500 } });
  const { hostname, port } = new URL(at.url);
  const since = performance.now();
  const socket = connect(Number(port), hostname, () => void socket.write("GET /livez HTTP/1.1\r\nHost: a\r\n"));
  let answer = "";
  socket.on("data", (bytes) => (answer += bytes.toString()));
  await new Promise((resolve) => void socket.once("close", resolve));
  expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
  expect(problemIn(answer)).toMatchObject({ status: 408, code: "request_timeout", title: "The request did not arrive in time" });
  expect(performance.now() - since).toBeLessThan(15_000); // Node checks every 30 s by default.
});
