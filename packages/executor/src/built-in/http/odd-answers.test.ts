import { expect, test } from "@jest/globals";
import { handler } from "./http-handler.test-support.ts";
import { rawTarget } from "./raw-target.test-support.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone";
const many = (bytes: number): string => Array.from({ length: bytes / 1_000 }, (_, index) => `X-${index}: ${"x".repeat(990)}\r\n`).join("");

test.each([
  ["100 Continue", `HTTP/1.1 100 Continue\r\n\r\n${OK}`],
  ["several 100 Continue", `${"HTTP/1.1 100 Continue\r\n\r\n".repeat(5)}${OK}`],
  ["102 Processing", `HTTP/1.1 102 Processing\r\n\r\n${OK}`],
  ["103 Early Hints", `HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n${OK}`],
])("an answer after %s has succeeded", async (_, answer) => {
  const { url } = await rawTarget(answer);
  const { run } = handler();
  expect(await run({ url, method: "POST", body: "x" })).toEqual({
    status: 200,
    headers: { "content-length": "4" },
    body: "done",
    truncated: false,
  });
  expect(await run({ url })).toMatchObject({ status: 200, body: "done" }); // On the same connection.
});

test("an informational answer that arrives long before the other", async () => {
  const { url } = await rawTarget((socket) => {
    socket.write("HTTP/1.1 100 Continue\r\n\r\n");
    setTimeout(() => socket.write(OK), 50);
  });
  expect(await handler().run({ url })).toMatchObject({ status: 200, body: "done" });
});

test.each([
  ["40 KB of headers", many(40_000)],
  ["200 KB of headers", many(200_000)],
  ["one header of 40 KB", `X-Large: ${"x".repeat(40_000)}\r\n`],
])("an answer with %s has succeeded, with its body", async (_, headers) => {
  const { url, requests } = await rawTarget(`HTTP/1.1 200 OK\r\nX-Small: 1\r\n${headers}Content-Length: 4\r\n\r\ndone`);
  const output = await handler().run({ url });
  expect(output).toMatchObject({ status: 200, headers: { "x-small": "1" }, body: "done", truncated: false });
  expect(output["note"]).toBe("the headers have more than 16384 bytes: the largest are left out");
  expect(requests()).toBe(1);
});

test.each<[string, string]>([
  ["a head larger than the limit", `HTTP/1.1 200 OK\r\n${many(300_000)}\r\n`],
  ["a head larger than the limit after 100 Continue", `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n${many(300_000)}\r\n`],
  ["a header without a colon", "HTTP/1.1 200 OK\r\nno colon here\r\n\r\n"],
  ["a header name with a space", "HTTP/1.1 200 OK\r\nX Y: 1\r\n\r\n"],
  ["a control character in a header", "HTTP/1.1 200 OK\r\nX-A: \u0001\r\n\r\n"],
  ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"],
  ["a length that is none", "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nab"],
  ["a length beside chunks", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
])("%s: the status counts, and the target is not called again", async (_, answer) => {
  const { url } = await rawTarget(answer);
  const { run, readFault } = handler();
  expect(await run({ url })).toMatchObject({
    status: 200,
    body: "",
    truncated: true,
    note: expect.stringContaining("the rest of the answer could not be read"),
  });
  expect(await readFault({ url, expect: "204" })).toMatchObject({ code: "http_status", retryable: false });
  const { url: busy } = await rawTarget(answer.replace("200 OK", "503 Busy"));
  expect(await readFault({ url: busy })).toMatchObject({
    code: "http_status",
    retryable: true,
    message: expect.stringContaining("answered 503"),
  });
});

test.each([
  ["a chunk without a size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ndone\r\nzz\r\n", "done"],
  ["a trailer without a colon", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ndone\r\n0\r\nno colon here\r\n\r\n", "done"],
  ["trailers larger than the limit", `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ndone\r\n0\r\n${many(300_000)}\r\n`, "done"],
])("%s: what came of the body is kept", async (_, answer, body) => {
  const { url } = await rawTarget(answer);
  const output = await handler().run({ url });
  expect(output).toMatchObject({ status: 200, truncated: true, note: expect.stringContaining("could not be read") });
  expect(body.startsWith(String(output["body"]))).toBe(true);
});

test.each([
  ["a trailer", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ndone\r\n0\r\nX-Sum: 1\r\n\r\n"],
  ["bytes after its end", `${OK}and more`],
  ["a body that its status forbids", "HTTP/1.1 204 No Content\r\n\r\nbody"],
  [
    "no length and no end but that of the connection",
    (socket: { end(text: string): unknown }) => void socket.end("HTTP/1.1 200 OK\r\n\r\ndone"),
  ],
])("an answer with %s is whole", async (_, answer) => {
  const { url } = await rawTarget(answer);
  expect(await handler().run({ url })).toMatchObject({ truncated: false });
});

test("a switch of protocols that was not requested is an answer", async () => {
  const { url } = await rawTarget("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n");
  expect(await handler().readFault({ url })).toMatchObject({ code: "http_status", retryable: false });
});

test.each(["ICY 200 OK\r\n\r\n", "SSH-2.0-OpenSSH_9.6\r\n", "HTTP/1.1 20x\r\n\r\n"])("%j is no answer", async (answer) => {
  const { url } = await rawTarget(answer);
  expect(await handler().readFault({ url })).toMatchObject({ code: "http_network", retryable: true });
});

test.each(["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-"])("a connection cut off after %j is retried", async (answer) => {
  const { url } = await rawTarget((socket) => void socket.end(answer));
  expect(await handler().readFault({ url })).toMatchObject({ code: "http_network", retryable: true });
});
