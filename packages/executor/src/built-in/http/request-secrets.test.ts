import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { checkOutput } from "../../attempt/check-output.ts";
import { end, handler, target } from "./http-handler.test-support.ts";
import { requestSecrets } from "./request-secrets.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const secrets = (params: { readonly url?: string; readonly headers?: Record<string, string> }) =>
  requestSecrets(params.headers ?? {}, new URL(params.url ?? "http://h/"));

test.each<[string, Parameters<typeof secrets>[0], string[]]>([
  ["a bearer token", { headers: { Authorization: "Bearer abcdef123" } }, ["Bearer abcdef123", "abcdef123"]],
  [
    "user and password",
    { headers: { authorization: `Basic ${base64("admin:open sesame")}` } },
    [base64("admin:open sesame"), "admin:open sesame", "open sesame"],
  ],
  [
    "parts of a signature",
    { headers: { Authorization: 'Digest username="bob-the-user", response="0123456789"' } },
    ["bob-the-user", "0123456789"],
  ],
  ["cookies", { headers: { Cookie: "sid=abcdefgh; theme=darkdark" } }, ["sid=abcdefgh; theme=darkdark", "abcdefgh", "darkdark"]],
  ["a key in a header", { headers: { "X-Api-Key": "k-12345678" } }, ["k-12345678"]],
  ["a random value in a header", { headers: { "X-Any": "a1b2c3d4e5f6a1b2c3d4" } }, ["a1b2c3d4e5f6a1b2c3d4"]],
  ["a token in the query", { url: "http://h/?token=s3cr3t%2Fvalue&page=2" }, ["s3cr3t%2Fvalue", "s3cr3t/value"]],
  ["a query that is a token", { url: "http://h/?a1b2c3d4e5f6a1b2c3d4" }, ["a1b2c3d4e5f6a1b2c3d4"]],
])("credentials: %s", (_, params, expected) => {
  const { all, credentials } = secrets(params);
  expect(credentials).toEqual(expect.arrayContaining(expected));
  expect(all).toEqual(expect.arrayContaining(expected));
});

test("other values of headers and query are secrets, and no credentials", () => {
  const { all, credentials } = secrets({
    url: "http://h/?city=Ulm+Mitte&n=1",
    headers: { "X-Tenant": "acme-corp", Accept: "application/json" },
  });
  expect(all).toEqual(expect.arrayContaining(["Ulm Mitte", "Ulm+Mitte", "acme-corp", "city=Ulm+Mitte&n=1"]));
  expect(credentials).toEqual([]);
});

const REQUEST = {
  headers: { Authorization: `Basic ${base64("admin:open/sesame")}`, Cookie: "sid=c00kie-value", "X-Custom": 'my "custom" value' },
  url: "?token=query%2Ftoken&city=N%C3%BCrnberg",
};
const WORDS = [
  "admin",
  "open/sesame",
  base64("admin:open/sesame"),
  "c00kie-value",
  'my "custom" value',
  "query/token",
  "query%2Ftoken",
  "Nürnberg",
  "N%C3%BCrnberg",
];
const echoed = (transform: (text: string) => string) =>
  target((response, { url = "", headers }) => {
    const decoded = Buffer.from(headers.authorization?.slice(6) ?? "", "base64").toString();
    response
      .writeHead(url.startsWith("/fine") ? 200 : 400, { "x-echo": `sid ${headers.cookie ?? ""}` })
      .end(transform(JSON.stringify({ url, decodedUrl: decodeURIComponent(url), decoded, headers })));
  });

test.each<[string, (text: string) => string]>([
  ["JSON", (text) => text],
  ["JSON in JSON", (text) => JSON.stringify({ body: text })],
  ["a percent-encoded text", encodeURIComponent],
  ["a form", (text) => new URLSearchParams({ text }).toString()],
  ["HTML", (text) => `<pre>${text.replaceAll("&", "&amp;").replaceAll('"', "&quot;")}</pre>`],
])("the error has nothing of a request that the target echoes in %s", async (_, transform) => {
  const { url } = await echoed(transform);
  const fault = await handler()
    .run({ ...REQUEST, url: `${url}/hook${REQUEST.url}` })
    .catch((thrown: unknown) => thrown);
  const { message, stack = "" } = fault as Error;
  for (const word of WORDS)
    for (const form of [
      word,
      JSON.stringify(word).slice(1, -1),
      encodeURIComponent(word),
      new URLSearchParams({ word }).toString().slice(5),
    ])
      expect(message + stack).not.toContain(form);
  expect(message).toContain("/hook answered 400");
  expect(message).toContain("[redacted]");
  expect((fault as Error).cause).toBeUndefined(); // A log would show it.
});

test("the output has no credentials of a request that the target echoes with a success, and its data stays", async () => {
  const { url } = await echoed((text) => text);
  const output = JSON.stringify(await handler().run({ ...REQUEST, url: `${url}/fine${REQUEST.url}` }));
  for (const word of ["open/sesame", base64("admin:open/sesame"), "c00kie-value", "query/token", "query%2Ftoken"])
    expect(output).not.toContain(word);
  expect(output).toContain("Nürnberg");
});

test("no error has a header that the target echoes, whatever it holds", async () => {
  const { url } = await target((response, { headers }) => end(500, `you sent ${headers["x-any"] as string}!`)(response));
  const { readFault } = handler();
  const values = fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
    minLength: 4,
    maxLength: 200,
  });
  await fc.assert(
    fc.asyncProperty(values, async (value) => {
      const { message } = await readFault({ url, headers: { "X-Any": value } });
      expect(message).toContain("you sent [redacted]");
    }),
    { numRuns: 50 },
  );
});

test("an output stays small enough to be stored, however many credentials are taken out of it", async () => {
  const { url } = await target(end(200, "12345678\u0001".repeat(4_000)));
  const output = await handler().run({ url, headers: { "X-Api-Key": "12345678" } });
  expect(checkOutput(output).kind).toBe("output");
  expect(String(output["body"])).not.toContain("12345678");
});

const KEY = "Sekret/Value-12345~";
test.each<[string, (text: string) => string]>([
  ["base64", base64],
  ["base64 behind one byte", (text) => base64(`x${text} and more`)],
  ["base64 behind two bytes", (text) => base64(`xx${text} and more`)],
  ["base64 for URLs", (text) => Buffer.from(`?>${text}`).toString("base64url")],
  ["hexadecimal", (text) => Buffer.from(text).toString("hex")],
  ["hexadecimal in capitals", (text) => Buffer.from(text).toString("hex").toUpperCase()],
  ["capitals", (text) => text.toUpperCase()],
])("no output and no error has a credential that the target echoes in %s", async (_, transform) => {
  const { url } = await target((response, request) => {
    const text = transform(String(request.headers["x-api-key"]));
    response.writeHead(request.url === "/fine" ? 200 : 500, { "x-echo": text }).end(`you sent ${text}!`);
  });
  const headers = { "X-Api-Key": KEY };
  const output = await handler().run({ url: `${url}/fine`, headers });
  const { message } = await handler().readFault({ url, headers });
  const middle = transform(KEY).slice(6, 20);
  for (const text of [JSON.stringify(output), message]) {
    expect(text).toContain("[redacted]");
    expect(text).not.toContain(middle);
  }
});

test("a credential in the name of a header of the answer is removed", async () => {
  const { url } = await target((response, { headers }) => response.writeHead(200, { [`x-${headers["x-api-key"] as string}`]: "1" }).end());
  const { headers } = await handler().run({ url, headers: { "X-Api-Key": "sekret-value-12345" } });
  expect(JSON.stringify(headers)).not.toContain("sekret-value-12345");
});
