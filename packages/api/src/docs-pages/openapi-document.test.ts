import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ALL_SLOTS } from "@tickline/shared/domain/slot";
import { START } from "@tickline/shared/testing/factories";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { apiUnderTest, fullJob, minimalJob, type ApiUnderTest, type CallOptions, type Reply } from "../api-under-test.test-support.ts";
import { createValidators } from "./document-check.test-support.ts";
import { openApiPath, type OpenApiDocument } from "./openapi-document.ts";

let under: ApiUnderTest;
let document: OpenApiDocument;
let makeValidator: ReturnType<typeof createValidators>;
beforeAll(async () => {
  under = await apiUnderTest({ config: { queues: ["default", "python"], externalQueues: ["python"] } });
  document = (await under.call("GET /openapi.json")).body;
  makeValidator = createValidators(document);
});
afterAll(() => under.stop());

const operations = () =>
  Object.entries(document.paths ?? {}).flatMap(([path, item]) => Object.keys(item).map((method) => `${method} ${path}`));

/** The operation of a route, as plain data. */
// oxlint-disable-next-line typescript/no-explicit-any -- the document is walked as JSON
const operation = (method: string, path: string): any => (document.paths as any)[path]?.[method];

describe("the document", () => {
  test("names every route the router has, and no other", () => {
    const routes = under.api.routes.map(({ method, path }) => `${method} ${openApiPath(path)}`);
    expect(operations().toSorted()).toEqual(routes.toSorted());
  });

  test("is OpenAPI 3.1, and all its references lead somewhere", () => {
    expect(document.openapi).toBe("3.1.0");
    const text = JSON.stringify(document);
    const references = new Set([...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name));
    expect([...references].filter((name) => document.components?.schemas?.[String(name)] === undefined)).toEqual([]);
    expect(references.size).toBeGreaterThan(15);
  });

  test("its schemas are JSON Schema 2020-12", () => {
    const ajv = new Ajv2020({ strict: false });
    for (const [name, schema] of Object.entries(document.components?.schemas ?? {})) {
      expect([name, ajv.validateSchema(JSON.parse(JSON.stringify(schema))), ajv.errors]).toEqual([name, true, null]);
    }
  });

  test("the values that a schema lists, and its default, are of its type", () => {
    const schemas: { type: unknown; enum?: unknown[]; default?: unknown }[] = [];
    JSON.parse(JSON.stringify(document), (_, value) => {
      if (typeof value === "object" && value !== null && "type" in value) schemas.push(value);
      return value as unknown;
    });
    const ajv = new Ajv2020({ strict: false });
    const odd = schemas.filter(({ type, enum: values = [], ...rest }) => {
      const given = "default" in rest ? [...values, rest.default] : values;
      return typeof type === "string" && given.some((value) => !ajv.validate({ type }, value));
    });
    expect(odd).toEqual([]);
    expect(schemas.length).toBeGreaterThan(100);
  });

  test("every operation has a unique id, a summary, and a description of 503", () => {
    const all = operations().map((name) => operation(...(name.split(" ") as [string, string])));
    expect(new Set(all.map(({ operationId }) => operationId)).size).toBe(all.length);
    for (const { summary, tags, responses } of all)
      expect([typeof summary, tags.length, responses["503"] !== undefined]).toEqual(["string", 1, true]);
  });

  test("path parameters are declared where the path has them", () => {
    for (const name of operations()) {
      const [method, path] = name.split(" ") as [string, string];
      const declared = (operation(method, path).parameters ?? []).filter((parameter: { in: string }) => parameter.in === "path");
      expect([name, declared.map((parameter: { name: string }) => parameter.name)]).toEqual([name, path.includes("{id}") ? ["id"] : []]);
    }
  });

  test("names the files of its pages, and no other", async () => {
    const { schema } = operation("get", "/docs/{id}").parameters[0];
    for (const name of schema.enum) expect([name, (await under.call(`GET /docs/${name}`)).status]).toEqual([name, 200]);
    expect(schema.enum.length).toBeGreaterThan(15);
  });

  test("its request schemas take what the routes take", () => {
    const bodyValidator = (method: string, path: string): ValidateFunction =>
      makeValidator(operation(method, path).requestBody.content["application/json"].schema);
    const create = bodyValidator("post", "/jobs");
    expect([create(minimalJob), create(fullJob), create({ ...minimalJob, nope: 1 }), create({})]).toEqual([true, true, false, false]);
    expect(bodyValidator("put", "/jobs/{id}")({ ...fullJob, id: "x", version: 3, lastRun: null })).toBe(true);
    expect(bodyValidator("patch", "/jobs/{id}")({ name: "x", timeoutMs: null })).toBe(true);
    expect(bodyValidator("post", "/schedules/preview")({ schedule: { interval: "weekly" }, count: 3 })).toBe(true);
  });
});

describe("actual answers have the shape that the document describes", () => {
  /** An answer of every operation that has a body, and some more. */
  const answers: readonly (readonly [string, string, CallOptions?])[] = [
    ["post /jobs", "POST /jobs", { body: fullJob }],
    ["post /jobs", "POST /jobs", { body: { nope: 1 } }],
    ["put /jobs/{id}", "PUT /jobs/ping", { body: minimalJob }],
    ["put /jobs/{id}", "PUT /jobs/calendar", { body: { ...minimalJob, schedule: { interval: "monthly", on: 31 } } }],
    ["put /jobs/{id}", "PUT /jobs/once", { body: { ...minimalJob, schedule: { at: "2026-12-01T09:00:00", timezone: "Asia/Kathmandu" } } }],
    ["put /jobs/{id}", "PUT /jobs/ping", { body: minimalJob }],
    ["put /jobs/{id}", "PUT /jobs/a%20b", { body: minimalJob }],
    ["patch /jobs/{id}", "PATCH /jobs/ping", { body: { name: "Pong", params: { a: [1, null, { b: "c" }] } } }],
    ["patch /jobs/{id}", "PATCH /jobs/ping", { body: { name: "x" }, headers: { "if-match": '"1"' } }],
    ["post /jobs/{id}/pause", "POST /jobs/once/pause"],
    ["post /jobs/{id}/resume", "POST /jobs/once/resume"],
    ["post /jobs/{id}/trigger", "POST /jobs/ping/trigger"],
    ["get /jobs", "GET /jobs?limit=2"],
    ["get /jobs", "GET /jobs?limit=0"],
    ["get /jobs/{id}", "GET /jobs/ping"],
    ["get /jobs/{id}", "GET /jobs/nobody"],
    ["get /jobs/{id}/runs", "GET /jobs/ping/runs"],
    ["get /runs", "GET /runs?limit=1"],
    ["get /runs/{id}", "GET /runs/{run}"],
    ["post /runs/{id}/cancel", "POST /runs/{run}/cancel"],
    ["post /runs/{id}/cancel", "POST /runs/{ended}/cancel"],
    ["post /runs/{id}/retry", "POST /runs/{ended}/retry"],
    ["post /schedules/preview", "POST /schedules/preview", { body: { schedule: "every monday at 09:00 Europe/Berlin" } }],
    ["get /handlers", "GET /handlers"],
    ["post /queues/{id}/claim", "POST /queues/python/claim", { body: { executor: "worker-1" } }],
    ["post /queues/{id}/claim", "POST /queues/python/claim", { body: { executor: "tickline/api", limit: 0 } }],
    ["post /queues/{id}/claim", "POST /queues/default/claim", { body: { executor: "worker-1" } }],
    ["post /queues/{id}/claim", "POST /queues/nobody/claim", { body: { executor: "worker-1" } }],
    ["post /queues/{id}/heartbeat", "POST /queues/python/heartbeat", { body: { runs: [{ runId: "{run}", token: "x" }] } }],
    ["post /queues/{id}/settle", "POST /queues/python/settle", { body: { runs: [{ runId: "{run}", token: "x", state: "succeeded" }] } }],
    ["get /livez", "GET /livez"],
    ["get /readyz", "GET /readyz"],
    ["get /openapi.json", "GET /openapi.json"],
    ["get /asyncapi.json", "GET /asyncapi.json"],
    ["get /", "GET /", { headers: { accept: "text/html" } }],
    ["get /", "GET /"],
    ["get /favicon.ico", "GET /favicon.ico"],
    ["get /docs", "GET /docs"],
    ["get /docs/events", "GET /docs/events"],
    ["get /docs/{id}", "GET /docs/start.js"],
    ["get /docs/{id}", "GET /docs/JobDue.avsc"],
    ["get /docs/{id}", "GET /docs/swagger.json"],
    ["get /metrics", "GET /metrics"],
    ["delete /jobs/{id}", "DELETE /jobs/once"],
    ["delete /jobs/{id}", "DELETE /jobs/once"],
  ];

  /** The runs whose names stand in the requests: one that is under way, one that has failed with everything said. */
  async function prepare(): Promise<Readonly<Record<string, string>>> {
    const { call, store, clock } = under;
    await call("PUT /jobs/claimed", { body: { ...minimalJob, queue: "python", params: { a: [1] } } });
    await call("POST /jobs/claimed/trigger");
    await call("PUT /jobs/worked", { body: { ...minimalJob, overlap: "allow" } });
    const ended: string = (await call("POST /jobs/worked/trigger")).body.id;
    const runs = await store.dueRuns.publishable({ shard: ALL_SLOTS, queue: "default", limit: 10 });
    const claimant = { executor: "e-1", token: "t", leaseMs: 1_000 };
    await store.claims.claim({ runs, claimant, now: START, firedAfter: 0 });
    const error = { code: "http_status", message: "500", retryable: false };
    const settlement = { runId: ended, token: "t", result: { kind: "failed" as const, error }, finishedAt: START + 7 };
    await store.claims.settle({ settlements: [settlement], now: START + 7 });
    clock.advance(10);
    return { ended, run: (await call("POST /jobs/worked/trigger")).body.id };
  }

  test("every one", async () => {
    const names = await prepare();
    const seen = new Set<string>();
    for (const [name, request, options] of answers) {
      seen.add(name);
      const fillIn = (text: string): string => text.replaceAll(/\{(\w+)\}/g, (whole, key: string) => names[key] ?? whole);
      const reply = await under.call(fillIn(request), {
        ...options,
        ...(options?.body !== undefined && { body: JSON.parse(fillIn(JSON.stringify(options.body))) as unknown }),
      });
      check(name, reply);
    }
    expect(operations().filter((name) => !seen.has(name))).toEqual(["get /events"]);
  });

  function check(name: string, { status, headers, body }: Reply): void {
    const said = operation(...(name.split(" ") as [string, string])).responses[String(status)];
    expect([name, status, said === undefined ? "undocumented" : "documented"]).toEqual([name, status, "documented"]);
    for (const header of ["etag", "location"]) {
      const documented = Object.keys(said.headers ?? {}).some((key) => key.toLowerCase() === header);
      if (status < 400) expect([name, status, header, headers.has(header)]).toEqual([name, status, header, documented]);
    }
    if (said.content === undefined) return expect(body).toBe("");
    const [mediaType, content] = Object.entries(said.content)[0] as [string, { schema: object }];
    const type = headers.get("content-type") ?? "";
    expect([name, mediaType === "*/*" || type.startsWith(mediaType), type]).toEqual([name, true, type]);
    const validate = makeValidator(content.schema);
    expect([name, status, validate(body), validate.errors]).toEqual([name, status, true, null]);
  }
});

describe("the pages", () => {
  test("a person who opens the address finds what this is, and links that lead somewhere", async () => {
    const page = await under.call("GET /", { headers: { accept: "text/html,application/xhtml+xml,*/*;q=0.8" } });
    expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    expect(page.body).toContain("Tickline <small>0.1.0</small>");
    expect(page.body).not.toMatch(/https?:|<script|<style|\sstyle=/);
    const links = [...String(page.body).matchAll(/href="([^"]+)"/g)].map(([, to]) => String(to));
    expect(links).toEqual(expect.arrayContaining(["docs", "docs/events", "openapi.json", "jobs"]));
    for (const to of links) expect([to, (await under.call(`GET /${to}`)).status]).toEqual([to, 200]);
  });

  test("an address with a slash at its end leads to the page, and one of something else nowhere", async () => {
    for (const [path, to] of [
      ["/docs/", "../docs"],
      ["/docs/events/", "../events"],
      ["/docs/?x=1", "../docs?x=1"],
    ] as const) {
      const moved = await fetch(`${under.url}${path}`, { redirect: "manual" });
      expect([path, moved.status, moved.headers.get("location")]).toEqual([path, 308, to]);
    }
    expect(await under.call("GET /docs/")).toMatchObject({ status: 200, body: expect.stringContaining("swagger-ui") });
    for (const path of ["/jobs/", "//docs/", "/docs//", "//evil.example/"])
      expect([path, (await under.call(`GET ${path}`)).status]).toEqual([path, 404]);
  });

  test("they are dark when the system is, and fit a narrow screen", async () => {
    expect((await under.call("GET /docs/start.js")).body).toContain("prefers-color-scheme: dark");
    const swagger = (await under.call("GET /docs/swagger-ui.css")).body;
    for (const rule of ["html.dark-mode .swagger-ui{", "html.dark-mode { color-scheme: dark;", "@media (max-width: 48rem)"])
      expect([rule, swagger.includes(rule)]).toEqual([rule, true]);
    expect((await under.call("GET /docs/home.css")).body).toContain("prefers-color-scheme: dark");
  });

  test("everything it loads is served from here, and its policy allows it", async () => {
    const page = await under.call("GET /docs");
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("script-src 'self';");
    expect(page.body).not.toMatch(/https?:|<script>|\son\w+=/); // No CDN, and nothing inline that the policy would stop.
    const loads = [...String(page.body).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link);
    expect(loads).toHaveLength(4);
    for (const link of loads) {
      const file = await under.call(`GET /${link}`);
      expect([link, file.status, file.body.length > 50]).toEqual([link, 200, true]);
    }
  });
});
