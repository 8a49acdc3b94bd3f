import { expect, test } from "@jest/globals";
import { createEgressGuard } from "../../egress/egress-guard.ts";
import { createEgressPolicy } from "../../egress/judge-address.ts";
import { end, handler, target } from "../http-handler.test-support.ts";
import { planRedirect, type Hop } from "./plan-redirect.ts";

const HEADERS = {
  authorization: "Bearer s3cret-token",
  cookie: "a=b",
  "x-api-key": "k",
  accept: "text/html",
  "x-mine": "1",
  "content-type": "application/json",
  "idempotency-key": "RUN",
  "tickline-run-id": "RUN",
  "webhook-signature": "v1,abc",
};
const hop = (method = "POST", url = "https://a.example/one"): Hop => ({ url: new URL(url), method, headers: HEADERS, body: "{}" });
const plan = (status: number, location: string | undefined, from = hop()) => planRedirect(from, { status, location });

test.each<[number, string, string, string | null]>([
  [301, "POST", "GET", null],
  [302, "POST", "GET", null],
  [303, "POST", "GET", null],
  [303, "PUT", "GET", null],
  [303, "HEAD", "HEAD", "{}"],
  [301, "PUT", "PUT", "{}"],
  [307, "POST", "POST", "{}"],
  [308, "POST", "POST", "{}"],
])("after %d, %s becomes %s", (status, method, next, body) => {
  const planned = plan(status, "/two", hop(method));
  expect(planned).toMatchObject({ kind: "follow", hop: { method: next, body } });
  const names = planned.kind === "follow" ? Object.keys(planned.hop.headers) : [];
  expect(names.includes("content-type")).toBe(body !== null);
  expect(names.includes("webhook-signature")).toBe(body !== null);
  expect(names).toContain("authorization");
});

test("to another origin, credentials are left out, and the headers of the run stay", () => {
  for (const location of ["https://b.example/", "https://a.example:8443/", "//b.example/x"]) {
    const planned = plan(307, location);
    expect(Object.keys(planned.kind === "follow" ? planned.hop.headers : {})).toEqual([
      "accept",
      "x-mine",
      "content-type",
      "idempotency-key",
      "tickline-run-id",
      "webhook-signature",
    ]);
  }
});

test.each([
  ["http://a.example/", "its Location leads from https to http, where others could read the request"],
  ["ftp://a.example/", "its Location must begin with http:// or https://"],
  ["https://user:pw@a.example/", "its Location must have no user and password"],
  ["https://[::g]/", "its Location is not a URL"],
  [`/${"x".repeat(5_000)}`, "its Location is not a URL"],
])("%.40s is refused", (location, reason) => {
  expect(plan(302, location)).toMatchObject({ kind: "refused", reason: expect.stringContaining(reason) });
});

test.each([
  [300, "/x"],
  [304, "/x"],
  [200, "/x"],
  [302, undefined],
])("%d with the location %s is an answer", (status, location) => expect(plan(status, location)).toEqual({ kind: "answer" }));

test("redirects are followed as often as the job says, and faults name the last request", async () => {
  const { url, received } = await target((response, { url: at }) => {
    const left = Number(/\d+/.exec(at ?? "")?.[0]);
    response.writeHead(left === 0 ? 200 : 302, { location: `/${left - 1}` }).end("body");
  });
  expect(await handler().run({ url: `${url}/3`, redirects: 3 })).toMatchObject({ status: 200 });
  expect(received.map(({ url: at }) => at)).toEqual(["/3", "/2", "/1", "/0"]);
  expect(await handler().readFault({ url: `${url}/4`, redirects: 3 })).toMatchObject({
    code: "http_status",
    retryable: false,
    message: `GET ${url}/1 answered 302, expected 2xx; of redirects at most 3 are followed: body`,
  });
  expect(await handler().run({ url: `${url}/4`, redirects: 3, expect: "302" })).toMatchObject({ status: 302 });
});

test("a redirect across origins arrives without credentials", async () => {
  const other = await target(end(200));
  const { url } = await target(end(302, "", { location: `${other.url}/landed` }));
  await handler().run({
    url,
    method: "POST",
    body: { a: 1 },
    headers: { Authorization: "Bearer x", Cookie: "a=b", "X-Mine": "1" },
    redirects: 1,
  });
  expect(other.received).toMatchObject([{ method: "GET", url: "/landed", body: "", headers: { "x-mine": "1", "tickline-run-id": "RUN" } }]);
  for (const name of ["authorization", "cookie", "content-type", "content-length"]) {
    expect(other.received[0]?.headers).not.toHaveProperty(name);
  }
});

test("each redirect is vetted: one to an address that is refused makes no connection", async () => {
  const inner = await target(end(200));
  for (const location of [inner.url, inner.url.replace("127.0.0.1", "2130706433"), inner.url.replace("127.0.0.1", "rebind.example")]) {
    const outer = await target(end(302, "", { location: `${location}/latest/meta-data?token=s3cret` }));
    const egress = createEgressGuard({
      policy: createEgressPolicy({ host: "0.0.0.0", allow: [`outer.example:${new URL(outer.url).port}`] }),
      ownPort: () => null,
      resolve: (_host, _options, callback) => callback(null, [{ address: "127.0.0.1", family: 4 }]),
    });
    const fault = await handler({}, { egress }).readFault({ url: outer.url.replace("127.0.0.1", "outer.example"), redirects: 5 });
    expect(fault).toMatchObject({ code: "http_egress", retryable: false });
    expect(fault.message).toContain("127.0.0.1, a loopback address; to allow it");
    expect(fault.message).not.toContain("s3cret");
    expect(outer.received).toHaveLength(1);
  }
  expect(inner.received).toEqual([]);
});

test("the endless body of a redirect is not read", async () => {
  let closed = false;
  const { url } = await target((response, request) => {
    if (request.url === "/end") return void response.end("done");
    request.socket.on("close", () => (closed = true));
    response.writeHead(302, { location: "/end" });
    const more = (): void => {
      while (!response.destroyed && response.write("x".repeat(16_384)));
      if (!response.destroyed) response.once("drain", more);
    };
    more();
  });
  expect(await handler().run({ url, redirects: 1 })).toMatchObject({ status: 200, body: "done" });
  while (!closed) await new Promise((turn) => setImmediate(turn));
});

test("a loop of redirects ends", async () => {
  const { url, received } = await target(end(307, "", { location: "/" }));
  expect(await handler().readFault({ url, redirects: 10 })).toMatchObject({ code: "http_status" });
  expect(received).toHaveLength(11);
});

test("a redirect that is refused fails with the reason, and is not retried", async () => {
  const { url } = await target(end(302, "", { location: "ftp://x/" }));
  expect(await handler().readFault({ url, redirects: 1 })).toMatchObject({
    code: "http_redirect",
    retryable: false,
    message: expect.stringContaining("answered 302, and the redirect is not followed: its Location must begin with http:// or https://"),
  });
});
