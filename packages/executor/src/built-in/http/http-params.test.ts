import { expect, test } from "@jest/globals";
import { HttpParamsSchema } from "./http-params.ts";

const url = "https://example.com/hook";
const problems = (params: unknown): string[] =>
  (HttpParamsSchema.safeParse(params).error?.issues ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`);

test("a URL is enough", () => {
  expect(HttpParamsSchema.parse({ url })).toEqual({ url, method: "GET", headers: {}, body: null, expect: "2xx", redirects: 0 });
});

test.each([
  "http://127.0.0.1:8080",
  "HTTPS://example.com",
  "http://[::1]:80/x?y=z#w",
  "https://example.com?query",
  "https://münchen.example/ü",
])("%s is a URL", (good) => {
  expect(problems({ url: good })).toEqual([]);
});

test("a URL that cannot work is refused in words", () => {
  expect(problems({ url: "http://h:99999/" })).toEqual(['url: must have a port from 1 to 65535, not "99999"']);
  expect(problems({ url: `http://h/${"x".repeat(5_000)}` })).toHaveLength(1);
});

test.each([
  "Idempotency-Key",
  "idempotency-key",
  "TICKLINE-Run-Id",
  "tickline-anything",
  "Content-Length",
  "Transfer-Encoding",
  "connection",
  "Upgrade",
  "Expect",
  "Host",
  "X-Forwarded-For",
  "Proxy-Authorization",
  "Sec-Fetch-Site",
])("the header %s is not the job's to set", (name) => {
  expect(problems({ url, headers: { [name]: "x" } })).toHaveLength(1);
});

test.each(["Authorization", "X-Tickline", "Content-Type", "Expectation", "Te-st"])("the header %s is", (name) => {
  expect(problems({ url, headers: { [name]: "x" } })).toEqual([]);
});

test.each([
  ["a name with a blank", { "X Y": "x" }],
  ["an empty name", { "": "x" }],
  ["a value with a line break", { "X-A": "a\r\nX-B: b" }],
  ["a value that is no text", { "X-A": 1 }],
  ["too many", Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`X-${index}`, "x"]))],
])("headers are refused: %s", (_, headers) => {
  expect(problems({ url, headers })).not.toEqual([]);
});

test.each([
  ["text", "a=b"],
  ["an object", { a: { b: [1, null] } }],
  ["a list", [1, 2]],
  ["nothing", null],
])("a body may be %s", (_, body) => {
  expect(problems({ url, body })).toEqual([]);
});

test("what is not known is refused by name", () => {
  expect(problems({ url, follow: true, method: "TRACE" })).toEqual([
    'method: Invalid option: expected one of "GET"|"HEAD"|"POST"|"PUT"|"PATCH"|"DELETE"|"OPTIONS"',
    ': Unrecognized key: "follow"',
  ]);
});
