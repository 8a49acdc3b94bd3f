import { connect } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import { serviceContract } from "../../testing/contracts/service.contract.ts";
import { manualClock } from "../../testing/manual-clock.ts";
import { AppError } from "../../domain/app-error.ts";
import { createHealthServer, type HealthServer } from "./health-server.ts";

const started: HealthServer[] = [];
afterEach(() => Promise.all(started.splice(0).map((server) => server.stop())));

function setup({ ready = () => Promise.resolve() as Promise<unknown>, port = 0 } = {}) {
  const clock = manualClock(0);
  const metrics = { contentType: "text/plain; version=0.0.4", metrics: () => Promise.resolve("tickline_up 1\n") };
  const server = createHealthServer({ host: "127.0.0.1", port, clock, ready, metrics });
  started.push(server);
  const get = async (path: string) => {
    const response = await fetch(`${server.url}${path}`);
    return { status: response.status, text: await response.text() };
  };
  return { server, clock, get };
}

serviceContract("health server", async () => {
  const { server, clock } = setup();
  return { service: server, leftovers: () => clock.timers + (server.url === null ? 0 : 1) };
});

test("it says that it lives, is ready, and its metrics", async () => {
  const { server, get, clock } = setup();
  await server.start();
  expect(await get("/livez")).toEqual({ status: 200, text: '{"status":"live"}' });
  expect(await get("/readyz?verbose")).toEqual({ status: 200, text: '{"status":"ready"}' });
  expect(await get("/metrics")).toEqual({ status: 200, text: "tickline_up 1\n" });
  expect((await get("/jobs")).status).toBe(404);
  expect(clock.timers).toBe(0);
});

test("it lives but is not ready while its store is unavailable, and says why", async () => {
  const { server, get } = setup({ ready: () => Promise.reject(new AppError("store_unavailable", "no answer")) });
  await server.start();
  expect(await get("/readyz")).toEqual({
    status: 503,
    text: '{"status":"not ready","code":"store_unavailable","reason":"no answer"}',
  });
  expect((await get("/livez")).status).toBe(200);
});

test("from the moment its process is to stop it is not ready, and goes on answering until it is stopped", async () => {
  const { server, get } = setup();
  await server.start();
  server.drain();
  const { status, text } = await get("/readyz");
  expect([status, JSON.parse(text)]).toMatchObject([503, { status: "not ready", code: "shutting_down" }]);
  expect((await get("/livez")).status).toBe(200);
  expect((await get("/metrics")).status).toBe(200);
});

test("a store that hangs is unavailable when its time is over", async () => {
  const asked = Promise.withResolvers<void>();
  const { server, get, clock } = setup({
    ready: () => {
      asked.resolve();
      return new Promise(() => {});
    },
  });
  await server.start();
  const answer = get("/readyz");
  await asked.promise;
  clock.advance(2_000);
  expect((await answer).status).toBe(503);
});

test("a port that is taken is said in a sentence", async () => {
  const { server } = setup();
  await server.start();
  const { server: second } = setup({ port: Number(new URL(server.url ?? "").port) });
  await expect(second.start()).rejects.toThrow(/^cannot listen on 127\.0\.0\.1, port \d+: .*EADDRINUSE/);
});

test("whatever a client writes in place of a path is answered, and ends nothing", async () => {
  const { server, get } = setup();
  await server.start();
  const { hostname, port } = new URL(server.url ?? "");
  for (const target of ["//", "//?", "http://[", "*", "/%", `/${"x".repeat(9_000)}`]) {
    const socket = connect(Number(port), hostname, () => socket.end(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`));
    let answer = "";
    socket.on("data", (bytes) => (answer += bytes.toString()));
    await new Promise((resolve) => void socket.once("close", resolve));
    expect(answer).toMatch(/^HTTP\/1\.1 40[04] /);
  }
  expect((await get("/livez")).status).toBe(200);
});

test("10,000 pipelined requests on a socket that reads nothing have one answer each time it is read, and more idle sockets than the limit do not keep others out", async () => {
  let asked = 0;
  const ready = async (): Promise<void> => void (asked += 1);
  const { server, get } = setup({ ready });
  await server.start();
  const { hostname, port } = new URL(server.url ?? "");
  const sockets = Array.from({ length: 150 }, () => connect(Number(port), hostname).on("error", () => undefined));
  const [greedy] = sockets;
  greedy?.pause().write("GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n".repeat(10_000));
  await Promise.all(sockets.map((socket) => new Promise((resolve) => void socket.once("connect", resolve))));
  for (let call = 0; call < 20; call += 1) expect((await get("/livez")).status).toBe(200);
  expect(asked).toBeLessThan(10_000);
  for (const socket of sockets) socket.destroy();
});
