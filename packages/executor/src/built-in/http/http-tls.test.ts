import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { selfSigned, type SelfSigned } from "@tickline/shared/testing/tls/self-signed";
import { handler } from "./http-handler.test-support.ts";

let own: SelfSigned;
let server: Server;
let url: string;
let connections = 0;
const trusted = getCACertificates("default");

beforeAll(async () => {
  own = selfSigned(["localhost"]);
  const served = createServer({ key: own.key, cert: own.certificate }, (_, response) => void response.end("over TLS"));
  served.on("secureConnection", () => (connections += 1));
  server = served;
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  url = `https://localhost:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  setDefaultCACertificates(trusted);
  await new Promise((closed) => server.close(closed));
});

test("a certificate of an unknown authority is a fault of the connection, with a message", async () => {
  expect(await handler().readFault({ url })).toMatchObject({
    code: "http_network",
    retryable: true,
    message: expect.stringContaining("DEPTH_ZERO_SELF_SIGNED_CERT"),
  });
});

test("requests over TLS share a connection", async () => {
  setDefaultCACertificates([...trusted, own.certificate]);
  const { run } = handler();
  const before = connections;
  expect(await run({ url })).toMatchObject({ status: 200, body: "over TLS" });
  expect(await run({ url, method: "POST", body: "x" })).toMatchObject({ status: 200 });
  expect(connections - before).toBe(1);
  setDefaultCACertificates(trusted);
});

test("NODE_EXTRA_CA_CERTS makes the authority in it trusted", async () => {
  const file = path.join(tmpdir(), `tickline-ca-${process.pid}.pem`);
  await writeFile(file, own.certificate);
  const script = `
    import { systemClock } from "@tickline/shared/adapters/system/clock";
    import { createHttpHandler } from ${JSON.stringify(path.join(import.meta.dirname, "http-handler.ts"))};
    import { createEgressGuard } from ${JSON.stringify(path.join(import.meta.dirname, "../egress/egress-guard.ts"))};
    const egress = createEgressGuard({ policy: { listensOnLoopback: true, allow: [] }, ownPort: () => null });
    const http = createHttpHandler({ clock: systemClock, egress });
    const params = { url: ${JSON.stringify(url)}, method: "GET", headers: {}, body: null, expect: "2xx", redirects: 0 };
    const { signal } = new AbortController();
    const output = await http.handler.run({ params, signal, runId: "r", jobId: "j", attempt: 1, idempotencyKey: "r", scheduledFor: new Date(0) });
    console.log(output.body);
    await http.close();`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--conditions=@tickline/source", "--input-type=module", "--eval", script],
    { cwd: import.meta.dirname, env: { ...process.env, NODE_EXTRA_CA_CERTS: file } },
  );
  expect(stdout.trim()).toBe("over TLS");
});

test("a target that takes the connection and never speaks TLS costs the time to connect", async () => {
  const sockets: Socket[] = [];
  const silent = createTcpServer((socket) => void sockets.push(socket));
  await new Promise<void>((listening) => silent.listen(0, "127.0.0.1", listening));
  const { port } = silent.address() as AddressInfo;
  expect(await handler({ connectMs: 50 }).readFault({ url: `https://localhost:${port}` })).toMatchObject({
    code: "http_network",
    retryable: true,
    message: expect.stringContaining("no connection within 50 ms"),
  });
  for (const socket of sockets) socket.destroy();
  await new Promise((closed) => silent.close(closed));
});
