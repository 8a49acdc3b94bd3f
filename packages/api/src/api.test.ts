import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { describe, expect, jest, test } from "@jest/globals";
import { createMemoryBus } from "@tickline/shared/adapters/memory/bus";
import { createMemoryStore } from "@tickline/shared/testing/memory-store/memory-store";
import { sha256 } from "@tickline/shared/adapters/system/digest";
import { systemEntropy } from "@tickline/shared/adapters/system/entropy";
import { RUNS_TOPIC } from "@tickline/shared/events/topics";
import { SUBSCRIBE_MS_MAX } from "@tickline/shared/runtime/service/lasting-subscription";
import { silentLogger } from "@tickline/shared/runtime/log/logger";
import { serviceContract } from "@tickline/shared/testing/contracts/service.contract";
import { START } from "@tickline/shared/testing/factories";
import { manualClock } from "@tickline/shared/testing/manual-clock";
import { Registry } from "prom-client";
import { API_DEFAULTS } from "./api-config.ts";
import { apiUnderTest, minimalJob, type ApiSetup } from "./api-under-test.test-support.ts";
import { createApi } from "./api.ts";

// Every wait is for a signal, over real sockets: on a busy machine some take longer than Jest's five seconds.
jest.setTimeout(60_000);

serviceContract("api", async () => {
  const clock = manualClock(START);
  const store = createMemoryStore({ clock, digest: sha256 });
  const bus = createMemoryBus({ clock });
  const deps = { ...store, bus, clock, entropy: systemEntropy, digest: sha256, log: silentLogger, metrics: new Registry() };
  const service = createApi(deps, { ...API_DEFAULTS, port: 0 });
  return { service, close: () => bus.close(), leftovers: () => clock.timers + (service.url === null ? 0 : 1) };
});

async function setup(options: ApiSetup = {}) {
  const under = await apiUnderTest(options);
  return { ...under, [Symbol.asyncDispose]: under.stop };
}

/** Sends bytes as they are, and resolves with all that came back when the connection closes. */
function sendRaw(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect(Number(port), hostname, () => socket.end(text));
  let answer = "";
  socket.on("data", (bytes) => (answer += bytes.toString()));
  socket.on("error", () => undefined);
  socket.on("close", () => resolve(answer));
  return promise;
}

test("the api answers and stops although a topic cannot be read", async () => {
  const clock = manualClock(START);
  const store = createMemoryStore({ clock, digest: sha256 });
  const bus = createMemoryBus({ clock });
  const subscribe: typeof bus.subscribe = (request) =>
    request.topics.includes(RUNS_TOPIC) ? new Promise(() => undefined) : bus.subscribe(request);
  const deps = { ...store, clock, entropy: systemEntropy, digest: sha256, log: silentLogger, metrics: new Registry() };
  const service = createApi({ ...deps, bus: { ...bus, subscribe } }, { ...API_DEFAULTS, port: 0 });
  const started = service.start();
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
  clock.advance(SUBSCRIBE_MS_MAX);
  await started;
  expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
  await service.stop();
  await bus.close();
  expect(clock.timers).toBe(0);
});

describe("what is hardly HTTP", () => {
  const requests: readonly (readonly [string, string])[] = [
    ["no request at all", "hello\r\n\r\n"],
    ["a host that is none", "GET /events HTTP/1.1\r\nHost: ][\r\nConnection: close\r\n\r\n"],
    ["two lengths", "POST /jobs HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\nContent-Type: application/json\r\n\r\n{}"],
    [
      "a length and chunks",
      "POST /jobs HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n0\r\n\r\n",
    ],
    ["a body shorter than its length", "POST /jobs HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nContent-Type: application/json\r\n\r\n{}"],
    ["a head of 100 KB", `GET /jobs HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(100_000)}\r\n\r\n`],
    ["a path of 20 KB", `GET /jobs/${"x".repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`],
    ["a host with a password", "GET /events HTTP/1.1\r\nHost: a:b@c\r\nConnection: close\r\n\r\n"],
    ["a path that is an address", "GET http://evil.example/jobs HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"],
    ["a path that is a star", "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"],
    ["an unknown method", "BREW /jobs HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"],
    ["a tunnel", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["another protocol wanted", "GET /livez HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n"],
  ];

  test.each(requests)("%s does not stop the api", async (_, text) => {
    await using at = await setup({ config: { allowedHosts: ["a", "]["] } });
    const answer = await sendRaw(at.url, text);
    expect(answer).not.toMatch(/^HTTP\/1\.1 5/);
    expect((await at.call("GET /livez")).status).toBe(200);
  });

  test("every request of a page whose name was made to resolve to this machine is refused", async () => {
    await using at = await setup();
    const ask = (method: string, path: string) =>
      `${method} ${path} HTTP/1.1\r\nHost: rebound.example:7070\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
    await at.call("PUT /jobs/ping", { body: minimalJob });
    for (const request of [ask("GET", "/jobs/ping"), ask("POST", "/jobs/ping/trigger"), ask("GET", "/events")]) {
      const answer = await sendRaw(at.url, request);
      expect(answer).toMatch(/^HTTP\/1\.1 421 /);
      expect(answer).toContain('"code":"host_not_served"');
    }
    expect((await at.call("GET /runs?jobId=ping")).body.items).toEqual([]);
  });

  test("a page of another origin is refused, whichever headers its browser omits; our own page is accepted", async () => {
    await using at = await setup();
    await at.call("PUT /jobs/ping", { body: minimalJob });
    const { port } = new URL(at.url);
    const trigger = (origin: string) =>
      `POST /jobs/ping/trigger HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nOrigin: ${origin}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
    for (const origin of ["http://evil.example", "null", "http://localhost:1", `http://127.0.0.1:${port}@evil.example`]) {
      const answer = await sendRaw(at.url, trigger(origin));
      expect([origin, answer.startsWith("HTTP/1.1 403 "), answer.includes('"code":"cross_site_request"')]).toEqual([origin, true, true]);
    }
    expect((await at.call("GET /runs?jobId=ping")).body.items).toEqual([]);
    for (const origin of [at.url, `http://localhost:${port}`]) expect(await sendRaw(at.url, trigger(origin))).toMatch(/^HTTP\/1\.1 202 /);
  });

  test("a repeated host, or one that contains another, is refused", async () => {
    await using at = await setup();
    const ask = (hosts: readonly string[], target = "/jobs") =>
      `GET ${target} HTTP/1.1\r\n${hosts.map((host) => `Host: ${host}\r\n`).join("")}Connection: close\r\n\r\n`;
    expect(await sendRaw(at.url, ask(["localhost", "evil.example"]))).toMatch(/^HTTP\/1\.1 400 /);
    expect(await sendRaw(at.url, ask(["localhost", "localhost"]))).toMatch(/^HTTP\/1\.1 400 /);
    expect(await sendRaw(at.url, ask(["localhost:80@evil.example"]))).toMatch(/^HTTP\/1\.1 421 /);
    expect(await sendRaw(at.url, ask(["localhost"], "http://evil.example/jobs"))).toMatch(/^HTTP\/1\.1 421 /);
    expect(await sendRaw(at.url, ask(["localhost"]))).toMatch(/^HTTP\/1\.1 200 /);
  });

  test("headers of a proxy about the host are ignored, because any client can send them", async () => {
    await using at = await setup();
    const { port } = new URL(at.url);
    const ask = (headers: string) =>
      sendRaw(
        at.url,
        `PUT /jobs/ping HTTP/1.1\r\n${headers}Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`,
      );
    expect(await ask("Host: evil.example\r\nX-Forwarded-Host: localhost\r\nForwarded: host=localhost\r\n")).toMatch(/^HTTP\/1\.1 421 /);
    const own = `Host: 127.0.0.1:${port}\r\n`;
    expect(await ask(`${own}Origin: http://evil.example\r\nX-Forwarded-Host: evil.example\r\n`)).toMatch(/^HTTP\/1\.1 403 /);
    expect(await ask(`${own}Origin: ${at.url}\r\nOrigin: http://evil.example\r\n`)).toMatch(/^HTTP\/1\.1 403 /);
    expect(await ask(`${own}Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: cross-site\r\n`)).toMatch(/^HTTP\/1\.1 403 /);
    expect(await ask(`${own}Origin: ${at.url}\r\nX-Forwarded-Host: evil.example\r\n`)).toMatch(/^HTTP\/1\.1 400 /); // Its body is.
  });

  test("a body in chunks that grows beyond the limit is refused while it arrives", async () => {
    await using at = await setup();
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    const sent = httpRequest(`${at.url}/jobs`, { method: "POST", headers: { "content-type": "application/json" } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    sent.on("error", () => resolve(undefined));
    for (let chunk = 0; chunk < 20; chunk += 1) sent.write("x".repeat(20_000));
    sent.end();
    expect(await promise).toBe(413);
  });

  test("a body above the limit by its length is refused, and the connection stays open", async () => {
    await using at = await setup();
    const body = { ...minimalJob, description: "x".repeat(300_000) };
    expect(await at.call("POST /jobs", { body })).toMatchObject({
      status: 413,
      body: { code: "body_too_large", detail: "a body may have 262144 bytes" },
    });
    expect((await at.call("POST /jobs", { body: minimalJob })).status).toBe(201);
  });

  test("a small body that unpacks to a huge one is refused", async () => {
    await using at = await setup();
    const { gzipSync } = await import("node:zlib");
    const response = await fetch(`${at.url}/jobs`, {
      method: "POST",
      headers: { "content-type": "application/json", "content-encoding": "gzip" },
      body: gzipSync("[".repeat(5_000_000)),
    });
    expect(response.status).toBe(413);
    await response.text();
  });

  test("a compressed body is read", async () => {
    await using at = await setup();
    const { gzipSync } = await import("node:zlib");
    const response = await fetch(`${at.url}/jobs`, {
      method: "POST",
      headers: { "content-type": "application/json", "content-encoding": "gzip" },
      body: gzipSync(JSON.stringify(minimalJob)),
    });
    expect(response.status).toBe(201);
    await response.text();
  });
});
