import { expect, test } from "@jest/globals";
import { end, handler, target } from "./http-handler.test-support.ts";

test("url, headers and body are filled, and values of a URL are encoded", async () => {
  const { url, received } = await target(end(200));
  await handler().run({
    url: `${url}/{{jobId}}/{{params.path}}?at={{scheduledFor}}&x={{params.path}}`,
    method: "POST",
    headers: { "X-Attempt": "no. {{attempt}}" },
    body: { run: "{{runId}}", deep: [{ n: "{{attempt}}" }] },
    template: true,
    data: { path: "a/b&c=ü?#" },
  });
  expect(received[0]).toMatchObject({
    url: "/nightly/a%2Fb%26c%3D%C3%BC%3F%23?at=2026-01-05T12%3A00%3A00.000Z&x=a%2Fb%26c%3D%C3%BC%3F%23",
    headers: { "x-attempt": "no. 2" },
    body: '{"run":"RUN","deep":[{"n":2}]}',
  });
});

test("without `template` nothing is filled", async () => {
  const { url, received } = await target(end(200));
  await handler().run({ url: `${url}/`, method: "POST", headers: { "X-A": "{{runId}}" }, body: "{{nobody}}" });
  expect(received[0]).toMatchObject({ headers: { "x-a": "{{runId}}" }, body: "{{nobody}}" });
});

test.each([
  ["url", { url: "/{{nobody}}" }, 'params.url: there is no value "nobody" for a template; there are scheduledFor, runId'],
  ["a header", { headers: { "X-A": "{{params.y}}" } }, 'params.headers.X-A: there is no value "params.y"'],
  ["body", { body: [{ a: "{{x}}" }] }, 'params.body: there is no value "x"'],
  ["a line break in a header", { headers: { "X-A": "{{params.lines}}" } }, "params.headers.X-A: the filled text must be one line"],
  ["a folder above in a URL", { url: "/a/{{params.up}}/b" }, 'params.url: a value in a URL cannot be ".."'],
])("what cannot be filled fails by its place, and nothing is sent: %s", async (_, params, message) => {
  const { url, received } = await target(end(200));
  const data = { lines: "s3cret\r\nX-B: 1", up: ".." };
  const fault = await handler().readFault({ ...params, url: `${url}${"url" in params ? params.url : "/"}`, template: true, data });
  expect(fault).toMatchObject({ code: "http_template", retryable: false, message: expect.stringContaining(message) });
  expect(fault.message).not.toContain("s3cret");
  expect(received).toEqual([]);
});

test("a value that a template brings into a header is removed from what the target echoes", async () => {
  const { url } = await target((response, request) => response.writeHead(500).end(String(request.headers.authorization)));
  const fault = await handler().readFault({
    url,
    headers: { Authorization: "Bearer {{params.token}}" },
    template: true,
    data: { token: "s3cret-token" },
  });
  expect(fault.message).toContain("[redacted]");
  expect(fault.message).not.toContain("s3cret-token");
});
