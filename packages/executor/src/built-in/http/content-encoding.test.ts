import { constants, brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { expect, test } from "@jest/globals";
import { handler, target } from "./http-handler.test-support.ts";

const TEXT = JSON.stringify({ said: "grüße" });
const encoded = (bytes: Buffer, encoding: string) =>
  target((response) => void response.writeHead(200, { "content-encoding": encoding }).end(bytes));

test.each([
  ["gzip", gzipSync(TEXT)],
  ["GZIP", gzipSync(TEXT)],
  ["x-gzip", gzipSync(TEXT)],
  ["deflate", deflateSync(TEXT)],
  ["deflate", deflateRawSync(TEXT)],
  ["br", brotliCompressSync(TEXT)],
  ["zstd", zstdCompressSync(TEXT)],
  ["deflate, gzip", gzipSync(deflateSync(TEXT))],
  ["identity", Buffer.from(TEXT)],
  ["", Buffer.from(TEXT)],
  ["gzip", Buffer.alloc(0)],
])("a body in %s is decoded", async (encoding, bytes) => {
  const { url } = await encoded(bytes, encoding);
  expect(await handler().run({ url })).toEqual({
    status: 200,
    headers: expect.anything(),
    body: bytes.length === 0 ? "" : TEXT,
    truncated: false,
  });
});

test("an excerpt of an error is decoded too", async () => {
  const { url } = await target((response) => void response.writeHead(500, { "content-encoding": "gzip" }).end(gzipSync("the reason")));
  expect((await handler().readFault({ url })).message).toContain("the reason");
});

test("the answer to HEAD names an encoding, and has no body", async () => {
  const { url } = await encoded(gzipSync(TEXT), "gzip");
  expect(await handler().run({ url, method: "HEAD" })).toMatchObject({ status: 200, body: "", truncated: false });
});

test.each([
  ["gzip", (bytes: Buffer) => gzipSync(bytes)],
  ["br", (bytes: Buffer) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 3 } })],
  ["zstd", (bytes: Buffer) => zstdCompressSync(bytes)],
  ["gzip, gzip", (bytes: Buffer) => gzipSync(gzipSync(bytes))],
])("32 MB that came as little %s cost what is kept of them", async (encoding, pack) => {
  const { url } = await encoded(pack(Buffer.alloc(33_554_432, "x")), encoding);
  const { run } = handler();
  const before = process.memoryUsage().arrayBuffers;
  const output = await run({ url });
  expect(output).toMatchObject({ status: 200, truncated: true });
  expect(String(output["body"])).toHaveLength(32_768);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16_777_216);
});

test.each([
  ["klingon", "is not known"],
  ["gzip, klingon", "is not known"],
  ["gzip, gzip, gzip, gzip", "more than 3 content encodings"],
])("a body in %s is kept as it came, and the run says so", async (encoding, note) => {
  const { url } = await encoded(Buffer.from("as it came"), encoding);
  expect(await handler().run({ url })).toMatchObject({ status: 200, body: "as it came", note: expect.stringContaining(note) });
});

test.each(["gzip", "deflate", "br", "zstd"])("a body that is not %s is left out, and the run has succeeded", async (encoding) => {
  const { url, received } = await encoded(Buffer.from("\u007f is not what the header says"), encoding);
  expect(await handler().run({ url })).toMatchObject({
    status: 200,
    body: "",
    truncated: true,
    note: expect.stringContaining(`the body is not ${encoding}`),
  });
  expect(received).toHaveLength(1);
});

test("of a body that ends too early what came is kept", async () => {
  const whole = gzipSync(TEXT.repeat(100));
  const { url } = await encoded(whole.subarray(0, whole.length - 12), "gzip");
  const { body } = await handler().run({ url });
  expect(TEXT.repeat(100).startsWith(String(body))).toBe(true);
});

test("an encoded body that is cut off is retried", async () => {
  const { url } = await target((response) => {
    response.writeHead(200, { "content-encoding": "gzip", "content-length": "1000" }).write(gzipSync(TEXT).subarray(0, 12));
    setImmediate(() => response.socket?.destroy());
  });
  expect(await handler().readFault({ url })).toMatchObject({ code: "http_network", retryable: true });
});
