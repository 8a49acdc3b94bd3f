import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { apiUnderTest, type ApiUnderTest } from "../api-under-test.test-support.ts";
import { ProblemSchema } from "../problems/problem.ts";

let under: ApiUnderTest;
beforeAll(async () => {
  under = await apiUnderTest({ config: { externalQueues: ["python"] } });
});
afterAll(() => under.stop());

// oxlint-disable-next-line typescript/no-explicit-any -- the document is walked as JSON
type Json = any;

/** What the page fills in for a parameter: its first example, else its default, else nothing. */
const offered = ({ schema }: Json): unknown => schema.examples?.[0] ?? schema.default;

const toCall = ([type, { example }]: Json): Json => ({ body: example, headers: { "content-type": type } });

test("what the page of the document offers to try can be sent as it is", async () => {
  const document: Json = (await under.call("GET /openapi.json")).body;
  const operations = Object.entries<Json>(document.paths).flatMap(([path, item]) =>
    Object.entries<Json>(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
  const order = ["PUT", "POST", "PATCH", "GET", "DELETE"]; // So that there is a job, and there still is.
  operations.sort((a, b) => order.indexOf(a.method) - order.indexOf(b.method));
  const sent: string[] = [];
  const runs: string[] = [];
  for (const { method, path, operation } of operations) {
    if (path === "/events" || path === "/docs/{id}") continue; // It does not end; its names are files.
    const query = (operation.parameters ?? [])
      .filter((parameter: Json) => parameter.in === "query")
      .map((parameter: Json) => [parameter.name, offered(parameter)])
      .filter(([, value]: Json) => value !== undefined)
      .map(([name, value]: Json) => `${name}=${encodeURIComponent(String(value))}`);
    const runId = runs.at(operation.operationId === "cancelRun" ? -1 : 0);
    const id = path.startsWith("/runs") ? runId : path.startsWith("/queues") ? "python" : "ping";
    const target = `${path.replace("{id}", String(id))}${query.length === 0 ? "" : `?${query.join("&")}`}`;
    const contents = Object.entries<Json>(operation.requestBody?.content ?? {});
    expect(contents.filter(([, { example }]) => example === undefined)).toEqual([]);
    const requests: Json[] = contents.length === 0 ? [path === "/" ? { headers: { accept: "text/html" } } : {}] : contents.map(toCall);
    let reply: Json;
    for (const request of requests) {
      reply = await under.call(`${method} ${target}`, request);
      expect([operation.operationId, request, reply.status < 300 ? null : reply.body]).toEqual([operation.operationId, request, null]);
    }
    if (operation.operationId === "triggerJob") {
      runs.push(reply.body.id);
      await under.call(`POST /runs/${reply.body.id}/cancel`); // One that has ended, to be run once more,
      runs.push((await under.call("POST /jobs/ping/trigger")).body.id); // and one that has not.
    }
    sent.push(operation.operationId);
  }
  expect(sent.length).toBe(operations.length - 2);
});

test("the example of a problem is one", () => {
  const example = ProblemSchema.meta()?.["example"];
  expect(ProblemSchema.parse(example)).toEqual(example);
});
