import type { ServerResponse } from "node:http";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { expect, test } from "@jest/globals";
import { checkOutput } from "../../attempt/check-output.ts";
import { end, handler, target } from "./http-handler.test-support.ts";
import type { HttpParams } from "./http-params.ts";

test("a request is sent as the job defines it, with the headers of the run", async () => {
  const { url, received } = await target(end(200, "hello", { "x-answer": "yes" }));
  const output = await handler().run({
    url: `${url}/path?a=b`,
    method: "POST",
    headers: { "X-Mine": "1", "User-Agent": "mine" },
    body: "raw",
  });
  expect(received[0]).toMatchObject({ method: "POST", url: "/path?a=b", body: "raw" });
  expect(received[0]?.headers).toMatchObject({
    "x-mine": "1",
    "user-agent": "mine",
    "idempotency-key": "RUN",
    "tickline-job-id": "nightly",
    "tickline-run-id": "RUN",
    "tickline-attempt": "2",
    "tickline-scheduled-for": "2026-01-05T12:00:00.000Z",
  });
  expect(received[0]?.headers["content-type"]).toBeUndefined();
  expect(output).toMatchObject({ status: 200, body: "hello", truncated: false, headers: { "x-answer": "yes" } });
});

test.each<[string, Partial<HttpParams>, string, string]>([
  ["an object", { body: { a: [1, "ü"] } }, '{"a":[1,"ü"]}', "application/json"],
  ["a list", { body: [1] }, "[1]", "application/json"],
  [
    "an object under a type of one's own",
    { body: { a: 1 }, headers: { "Content-Type": "application/ld+json" } },
    '{"a":1}',
    "application/ld+json",
  ],
])("%s is sent as JSON", async (_, params, body, type) => {
  const { url, received } = await target(end(200));
  await handler().run({ url, method: "PUT", ...params });
  expect(received[0]).toMatchObject({ body, headers: { "content-type": type } });
});

test.each([
  [500, true],
  [502, true],
  [503, true],
  [408, true],
  [425, true],
  [429, true],
  [400, false],
  [401, false],
  [404, false],
  [422, false],
  [301, false],
])("an answer of %d fails, to be retried: %s", async (status, retryable) => {
  const { url } = await target(end(status, "the reason"));
  const fault = await handler().readFault({ url: `${url}/hook?token=secret`, headers: { Authorization: "Bearer secret" } });
  expect(fault).toMatchObject({ code: "http_status", retryable });
  expect(fault.message).toContain(`GET ${url}/hook answered ${status}, expected 2xx`);
  expect(fault.message).toContain("the reason");
  expect(fault.message).not.toContain("secret");
});

test("redirects are not followed", async () => {
  const elsewhere = await target(end(200));
  const { url } = await target(end(302, "", { location: elsewhere.url }));
  expect(await handler().readFault({ url })).toMatchObject({ message: expect.stringContaining("redirects are not followed") });
  expect(await handler().run({ url, expect: "302" })).toMatchObject({ status: 302, headers: { location: elsewhere.url } });
  expect(elsewhere.received).toEqual([]);
});

test("a status that was expected is a success, one that was not is none", async () => {
  const { url } = await target(end(404));
  expect(await handler().run({ url, expect: "200,404" })).toMatchObject({ status: 404 });
  expect(await handler().run({ url, expect: "any" })).toMatchObject({ status: 404 });
  const { url: fine } = await target(end(200));
  expect(await handler().readFault({ url: fine, expect: "204" })).toMatchObject({ code: "http_status", retryable: false });
});

test("of an answer that never ends the first part is read, and the connection is closed", async () => {
  let closed = false;
  const { url } = await target((response, request) => {
    request.socket.on("close", () => (closed = true));
    const more = (): void => {
      while (!response.destroyed && response.write("x".repeat(16_384)));
      if (!response.destroyed) response.once("drain", more);
    };
    more();
  });
  const output = await handler().run({ url });
  expect(output).toMatchObject({ status: 200, truncated: true });
  expect(String(output["body"])).toHaveLength(32_768);
  while (!closed) await new Promise((turn) => setImmediate(turn));
});

test("a body that grows in JSON is cut so that it can be stored", async () => {
  const { url } = await target(end(200, "\u0001".repeat(32_768)));
  const output = await handler().run({ url });
  expect(output).toMatchObject({ truncated: true });
  expect(checkOutput(output).kind).toBe("output");
});

test.each([
  ["UTF-8", "text/plain; charset=utf-8", Buffer.from("grüße")],
  ["Latin 1", 'text/plain; charset="iso-8859-1"', Buffer.from("grüße", "latin1")],
  ["no encoding named", "text/plain", Buffer.from("grüße")],
  ["an unknown encoding", "text/plain; charset=klingon", Buffer.from("grüße")],
])("a body is text: %s", async (_, type, bytes) => {
  const { url } = await target((response) => void response.writeHead(200, { "content-type": type }).end(bytes));
  expect(await handler().run({ url })).toMatchObject({ body: "grüße" });
});

test("a character that is cut in the middle is omitted", async () => {
  const { url } = await target(end(200, "€".repeat(20_000)));
  const output = await handler().run({ url });
  expect(output).toMatchObject({ body: "€".repeat(10_922), truncated: true });
});

test("cookies of the target are not kept, and repeated headers are joined", async () => {
  const { url } = await target(
    (response) =>
      void response
        .writeHead(
          200,
          [
            ["set-cookie", "session=1"],
            ["x-a", "1"],
            ["x-a", "2"],
          ].flat(),
        )
        .end(),
  );
  const { headers } = await handler().run({ url });
  expect(headers).toMatchObject({ "x-a": "1, 2" });
  expect(headers).not.toHaveProperty("set-cookie");
});

test("no listener, a connection cut off, an unknown name: all are retried, with a message", async () => {
  const { url } = await target((response) => void response.socket?.destroy());
  const closed = createTcpServer().listen(0, "127.0.0.1");
  await new Promise((listening) => closed.once("listening", listening));
  const { port } = closed.address() as AddressInfo;
  await new Promise((done) => closed.close(done));
  const { readFault } = handler();
  expect(await readFault({ url })).toMatchObject({ code: "http_network", retryable: true });
  expect(await readFault({ url: `http://127.0.0.1:${port}` })).toMatchObject({
    code: "http_network",
    retryable: true,
    message: expect.stringMatching(/ECONNREFUSED/),
  });
  expect(await readFault({ url: "http://nobody.invalid" })).toMatchObject({ code: "http_network", retryable: true });
});

test("an answer that is cut off in its body is retried", async () => {
  const { url } = await target((response) => {
    response.writeHead(200, { "content-length": "100" }).write("half");
    setImmediate(() => response.socket?.destroy());
  });
  expect(await handler().readFault({ url })).toMatchObject({ code: "http_network", retryable: true });
});

test("no more requests than the limit go to one origin at once", async () => {
  const waiting: ServerResponse[] = [];
  const { url } = await target((response, request) => void (request.url === "/other" ? response.end() : waiting.push(response)));
  const { run } = handler({ connectionsMax: 2 });
  const other = handler();
  const all = Promise.all(Array.from({ length: 6 }, () => run({ url })));
  for (let rest = 6; rest > 0; rest -= 1) {
    const expected = Math.min(rest, 2);
    // While another client goes to and fro, whatever was sent arrives.
    for (let trips = 0; trips < 20 || waiting.length < expected; trips += 1) await other.run({ url: `${url}/other` });
    expect(waiting).toHaveLength(expected);
    waiting.shift()?.end("ok");
  }
  expect(await all).toHaveLength(6);
});

test("as many requests as there are workers less one may hang, and the next to the same origin is answered", async () => {
  const hanging: ServerResponse[] = [];
  const { url } = await target((response, request) => void (request.url === "/other" ? response.end() : hanging.push(response)));
  const { run } = handler();
  const all = Promise.all(Array.from({ length: 199 }, () => run({ url })));
  expect(await run({ url: `${url}/other` })).toMatchObject({ status: 200 });
  for (let ended = 0; ended < 199; ended += 1) {
    while (hanging.length === 0) await run({ url: `${url}/other` });
    hanging.shift()?.end("ok");
  }
  expect(await all).toHaveLength(199);
});

test("a closed handler answers no more, and may be closed again", async () => {
  const { url } = await target(end(200));
  const { readFault, close } = handler();
  await close();
  await close();
  expect(await readFault({ url })).toMatchObject({ code: "http_network" });
});
