import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, expect, jest, test } from "@jest/globals";
import { createEndings, temporaryFolder } from "./product/endings.ts";
import { eventually, runProduct } from "./product/running-product.ts";

jest.setTimeout(60_000);

const endings = createEndings();
afterEach(endings.run);

async function setup(answer: (response: ServerResponse, call: number) => void = (response) => void response.end()) {
  const calledAt: number[] = [];
  const server = createServer((_, response) => answer(response, calledAt.push(Date.now())));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  endings.add(() => {
    server.close();
    server.closeAllConnections();
  });
  const product = await runProduct(endings, { dataDir: join(temporaryFolder(endings), "data") });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  const put = (params: object, retry: object = {}) =>
    fetch(`${product.address}/jobs/hook`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: "hook", handler: "http", schedule: "every 1h", params: { url, ...params }, retry }),
    });
  async function run(params: object, retry: object = {}) {
    expect((await put(params, retry)).status).toBe(201);
    await product.call("POST", "/jobs/hook/trigger");
    return eventually(
      async () => (await product.listRuns("hook")).find(({ state }) => state === "succeeded" || state === "failed") ?? null,
    );
  }
  return { product, calledAt, put, run };
}

test("a target that asks to wait is called again no earlier, whatever the policy says", async () => {
  const { calledAt, run } = await setup((response, call) => {
    if (call === 1) response.writeHead(503, { "retry-after": "2" }).end();
    else response.end();
  });
  expect(await run({}, { delayMs: 0, delayMaxMs: 0 })).toMatchObject({ state: "succeeded", attempt: 2 });
  expect(calledAt).toHaveLength(2);
  expect((calledAt[1] ?? 0) - (calledAt[0] ?? 0)).toBeGreaterThanOrEqual(2_000);
});

test("a target that the client cannot read to the end is called once", async () => {
  const { calledAt, run } = await setup((response) => {
    response.socket?.end("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nno colon here\r\n\r\n");
  });
  expect(await run({}, { delayMs: 0 })).toMatchObject({ state: "succeeded", attempt: 1 });
  expect(calledAt).toHaveLength(1);
});

test("a job that cannot work is refused in words when it is made", async () => {
  const { put } = await setup();
  const refusal = async (params: object) => {
    const response = await put(params);
    expect(response.status).toBe(400);
    const text = await response.text();
    expect(text).not.toMatch(/pattern|\^\(/);
    return JSON.parse(text) as unknown;
  };
  expect(await refusal({ url: "http://h:99999/" })).toMatchObject({
    errors: [{ message: 'must have a port from 1 to 65535, not "99999"' }],
  });
  expect(await refusal({ url: "http://::1:80/" })).toMatchObject({
    errors: [{ message: "must have an IPv6 address in brackets, such as http://[::1]:80/" }],
  });
  expect(await refusal({ headers: { "Content-Length": "5", "X Y": "1", "X-A": "a\nb" } })).toMatchObject({
    errors: [
      { pointer: "/params/headers/Content-Length", message: "is set by the connection, and a job may not set it" },
      { pointer: "/params/headers/X Y", message: expect.stringContaining("is not a header name") },
      { pointer: "/params/headers/X-A", message: expect.stringContaining("must be one line") },
    ],
  });
  expect(await refusal({ expect: "404-200" })).toMatchObject({
    errors: [{ message: "must have ranges that go upwards, such as 200-299" }],
  });
});

test("what a target echoes of the request is neither in the run nor in the log", async () => {
  const { product, run } = await setup((response) => {
    response.statusCode = 400;
    response.end(`you sent ${response.req.headers.authorization ?? ""} to ${response.req.url ?? ""}`);
  });
  const ended = await run({ headers: { Authorization: "Bearer open-sesame" } });
  expect(ended).toMatchObject({ state: "failed", error: { message: expect.stringContaining("you sent [redacted] to /hook") } });
  expect(JSON.stringify(ended) + product.stdout() + product.stderr()).not.toContain("sesame");
});
